"""A small convolutional network for the quick scale: for each width, a block and pooling."""

from latephase.parts.models.layers import Stacked

PARAMETERS = {
    "widths": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 1}},
    "batch_norm": {"type": "boolean", "default": True},
}
BATCH_NORM = True


class Model(Stacked):
    """3×3 convolutions, each with batch normalisation, ReLU and max pooling, and a linear head."""

    def __init__(self, shape: list[int], classes: int, widths: list[int], batch_norm: bool = True):
        super().__init__(shape, classes, [[width] for width in widths], batch_norm)
