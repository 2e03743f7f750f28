"""zhao2026's VGG9: 64-M-128-M-512-512-M-256-256-M and one linear layer.

For 32×32 images it has 1,024 features, as the released loader says. The released file of the model
has 512 written into it, and fails in a forward pass.
"""

from latephase.parts.models.layers import Stacked

PARAMETERS = {}
BATCH_NORM = True
GROUPS = [[64], [128], [512, 512], [256, 256]]


class Model(Stacked):
    """Blocks of 3×3 convolution, batch normalisation and ReLU, and a linear head."""

    def __init__(self, shape: list[int], classes: int):
        super().__init__(shape, classes, GROUPS)
