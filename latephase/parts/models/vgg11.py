"""VGG11, which zhao2026's released configurations name: 512 features for 32×32 images."""

from latephase.parts.models.layers import Stacked

PARAMETERS = {}
BATCH_NORM = True
GROUPS = [[64], [128], [256, 256], [512, 512], [512, 512]]


class Model(Stacked):
    """Blocks of 3×3 convolution, batch normalisation and ReLU, and a linear head."""

    def __init__(self, shape: list[int], classes: int):
        super().__init__(shape, classes, GROUPS)
