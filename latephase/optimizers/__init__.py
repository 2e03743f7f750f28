"""Optimizers over a run axis, one module each.

``update(params, grads, state, hyper, step, layout)`` changes ``params`` and ``state`` in place.
``params`` and ``grads`` are ``[R, P]``, all of a run's parameters in one row; ``state`` holds
tensors of the same shape, zero at first, under the names in ``STATE``; ``hyper`` maps each of
``PARAMETERS`` to a number where R is 1, else to one number a run, ``[R, 1]`` in float64 (a factor
such as 1 − β₁ is rounded once, when it meets ``params``), a decay of some parameters only to one
number a parameter, ``[R, P]``; ``step`` counts from 1; ``layout`` knows where each tensor lies in a
row (:class:`latephase.layout.Layout`).
"""
