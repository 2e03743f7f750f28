"""Optimizers over a run axis, one module each.

``update(params, grads, state, hyper, step, layout)`` changes ``params`` and ``state`` in place, and
may overwrite ``grads``. ``params`` and ``grads`` are ``[R, P]``: all parameters of a run are in one
row, and ``layout.views`` gives its parts by name. ``state`` has a tensor ``[R, P]``, initially
zero, under each name in ``STATE``. If the rows of a tensor are not P long, ``state_shapes(layout)``
maps its name to the shape for one run. ``step`` counts from 1.

``hyper`` maps each of ``PARAMETERS`` to a number if R is 1, and otherwise to one number for each
run, ``[R, 1]`` in float64. A parameter that is not a number is given as it is. ``lr`` is the
learning rate of the step. A parameter whose name ends in ``weight_decay`` may also be ``[R, P]`` or
``[1, P]``, with 0 for parameters that do not decay.
"""

from torch import Tensor


def rounded(value: float | Tensor, params: Tensor) -> float | Tensor:
    """A number as it is, or a float64 tensor in the type of ``params``.

    Compute a factor such as 1 − β₁ first, in float64, so that it is rounded only once.
    """
    return value.to(params) if isinstance(value, Tensor) else value


def sign(x: Tensor) -> Tensor:
    """−1, 0 or 1; NaN where ``x`` is not finite.

    ``torch.sign(nan)`` is 0. With it, a run that has diverged would stop moving and keep finite
    weights.
    """
    return x.sign().add_(x, alpha=0.0)
