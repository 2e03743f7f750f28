"""Networks, one module each.

``Model(shape, classes, **parameters)`` is an ``nn.Module`` with ``features(x)`` (the penultimate
layer, ``[N, d]``), a linear ``head``, and ``forward(x)``, the logits ``[N, K]``. Buffers, such as
the statistics of batch normalisation, are kept for each run, as parameters are. A model must not
draw random numbers in its forward pass.

A module may declare these literals:

- ``SIDE``: a JSON schema of the sides of the inputs, if the model does not accept every size.
- ``INPUTS = ["images", "integers"]``: the inputs that the model accepts; without it, only images. A
  model that accepts sequences of integers has the arguments ``vocabulary``, the number of different
  integers, and ``padding``, the integer that pads a shorter sequence, or None.
- ``BATCH_NORM = True``: the model normalises over the batch, unless its parameter ``batch_norm`` is
  false. Then no batch may have a single sample.
- ``LIBRARY = "timm"``: the model needs an optional library, which has environments of its own,
  ``envs/train-<library>*.yaml``, and ``requirements-<library>.txt``.

A parameter ``weights`` is the name of weights that the user brings. The model gets the checksum
that the spec has for them, and loads them with :func:`latephase.parts.pretrained.fill`. Four
literals describe the config.json that these weights must have, so that weights of another network
are refused:

- ``CONFIG``: keys of config.json, and the parameters with the same meaning.
- ``FIXED``: further keys, and the values that they must have.
- ``USUAL``: keys that may be missing, and the values that they may have.
- ``NAMED``: keys whose values stand for several parameters.

A model may also offer ``gradient(params, grads, buffers, logit_gradient)``: see
:mod:`latephase.parts.models.mlp`.
"""
