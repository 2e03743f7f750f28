"""Networks, one module each.

``Model(shape, classes, **parameters)`` is an ``nn.Module`` with ``features(x)`` (the
penultimate layer, ``[N, d]``), a linear ``head`` and ``forward(x)``, the logits ``[N, K]``.
A model may also offer ``gradient(views, grads, loss)``: see :mod:`latephase.models.mlp`.
"""
