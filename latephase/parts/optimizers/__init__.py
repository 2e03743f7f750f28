"""Optimizers over a run axis, one module each.

``update(params, grads, state, hyper, step, layout)`` changes ``params`` and ``state`` in place,
and may overwrite ``grads``. ``params`` and ``grads`` are ``[R, P]``, all of a run's parameters in
one row, whose parts ``layout.views`` gives by name. ``state`` holds a tensor ``[R, P]``, zero at
first, under each name in ``STATE``; where a row is not P long, ``state_shapes(layout)`` maps the
name to the shape for one run. ``step`` counts from 1.

``hyper`` maps each of ``PARAMETERS`` to a number where R is 1, else to one a run, ``[R, 1]`` in
float64; what is no number stays as it is. ``lr`` is that of the step. What ends in ``weight_decay``
may also be ``[R, P]`` or ``[1, P]``, 0 where a parameter does not decay.
"""

from torch import Tensor


def rounded(value: float | Tensor, params: Tensor) -> float | Tensor:
    """A number, or a float64 tensor in the type of ``params``.

    A factor such as 1 − β₁ is computed before, in float64, so that it is rounded once.
    """
    return value.to(params) if isinstance(value, Tensor) else value


def sign(x: Tensor) -> Tensor:
    """−1, 0 or 1; NaN where ``x`` is not finite.

    ``torch.sign(nan)`` is 0: a run that has diverged would stand still with finite weights.
    """
    return x.sign().add_(x, alpha=0.0)
