"""Networks, one module each.

``Model(shape, classes, **parameters)`` is an ``nn.Module`` with ``features(x)`` (the penultimate
layer, ``[N, d]``), a linear ``head``, and ``forward(x)``, the logits ``[N, K]``. Buffers, such as
batch normalisation's statistics, are kept for each run, as parameters are. A model must not draw
random numbers in its forward pass.

``SIDE`` is a literal JSON schema of the sides of its inputs, for models that do not accept every
size. ``INPUTS = ["images", "integers"]`` says what it accepts; without it, images alone. A model
that accepts sequences of integers has the arguments ``vocabulary``, the number of different
integers, and ``padding``, the one that fills up a shorter sequence, or None. ``BATCH_NORM = True``
says that it normalises over the batch, unless its parameter ``batch_norm`` says otherwise. Then no
batch may have a single sample.

``LIBRARY = "timm"`` says that it is made with an optional library, which has environments of its
own, ``envs/train-<library>*.yaml``, and ``requirements-<library>.txt``. A parameter ``weights`` is
the name of weights that the user brings. The model is given what a spec holds of them, and puts
them in place with :func:`latephase.parts.pretrained.fill`. Four literals tell what the config.json
of the weights may say, so that no other network's are taken: ``CONFIG``, which of its keys are
which parameters; ``FIXED``, what else it must say; ``USUAL``, the values that a key may have if it
is there; ``NAMED``, keys whose values stand for several parameters.

A model may also offer ``gradient(views, grads, loss)``: see :mod:`latephase.parts.models.mlp`.
"""
