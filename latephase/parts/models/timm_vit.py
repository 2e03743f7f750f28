"""A vision transformer of the library timm (han2025, Figs. 4b and 13 to 15).

The sizes are those of ``vit_tiny_patch16_224``. There is no dropout, as in the paper. Without
``weights``, the network starts from the library's random initialisation, as the paper's does.

Features are the class token after the last normalisation, ``forward_features(x)[:, 0]``, which is
the head's input.
"""

from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from latephase.parts import pretrained

PARAMETERS = {
    "patch": {"type": "integer", "minimum": 1, "default": 16},
    "width": {"type": "integer", "minimum": 1, "default": 192},
    "layers": {"type": "integer", "minimum": 1, "default": 12},
    "heads": {"type": "integer", "minimum": 1, "default": 3},
    # The name of weights in the configuration; null: none.
    "weights": {"type": ["string", "null"], "minLength": 1, "default": None},
}
LIBRARY = "timm"
CONFIG = {"num_features": "width"}
"""Keys of the weights' config.json, and the parameters with the same meaning. It has no keys for
the others."""
NAMED = {
    # Architectures that compute what this module does, each with its parameters. Others have
    # another activation, normalise elsewhere, scale their layers or average tokens.
    "architecture": {
        "vit_tiny_patch16_224": {"patch": 16, "width": 192, "layers": 12, "heads": 3},
        "vit_tiny_patch16_384": {"patch": 16, "width": 192, "layers": 12, "heads": 3},
        "vit_small_patch8_224": {"patch": 8, "width": 384, "layers": 12, "heads": 6},
        "vit_small_patch16_224": {"patch": 16, "width": 384, "layers": 12, "heads": 6},
        "vit_small_patch16_384": {"patch": 16, "width": 384, "layers": 12, "heads": 6},
        "vit_small_patch32_224": {"patch": 32, "width": 384, "layers": 12, "heads": 6},
        "vit_small_patch32_384": {"patch": 32, "width": 384, "layers": 12, "heads": 6},
        "vit_base_patch8_224": {"patch": 8, "width": 768, "layers": 12, "heads": 12},
        "vit_base_patch16_224": {"patch": 16, "width": 768, "layers": 12, "heads": 12},
        "vit_base_patch16_384": {"patch": 16, "width": 768, "layers": 12, "heads": 12},
        "vit_base_patch32_224": {"patch": 32, "width": 768, "layers": 12, "heads": 12},
        "vit_base_patch32_384": {"patch": 32, "width": 768, "layers": 12, "heads": 12},
        "vit_large_patch16_224": {"patch": 16, "width": 1024, "layers": 24, "heads": 16},
        "vit_large_patch16_384": {"patch": 16, "width": 1024, "layers": 24, "heads": 16},
        "vit_large_patch32_224": {"patch": 32, "width": 1024, "layers": 24, "heads": 16},
        "vit_large_patch32_384": {"patch": 32, "width": 1024, "layers": 24, "heads": 16},
        "deit_tiny_patch16_224": {"patch": 16, "width": 192, "layers": 12, "heads": 3},
        "deit_small_patch16_224": {"patch": 16, "width": 384, "layers": 12, "heads": 6},
        "deit_base_patch16_224": {"patch": 16, "width": 768, "layers": 12, "heads": 12},
        "deit_base_patch16_384": {"patch": 16, "width": 768, "layers": 12, "heads": 12},
    }
}
"""The parameters for which each value of a key of the config.json stands."""
USUAL = {"global_pool": ["token"], "model_args": [{}]}
"""The values that these keys may have. A missing key means the same."""


class Model(nn.Module):
    """The library's network as ``network``, below a head that reads the class token."""

    def __init__(
        self,
        shape: list[int],
        classes: int,
        patch: int = 16,
        width: int = 192,
        layers: int = 12,
        heads: int = 3,
        weights: str | None = None,
    ):
        super().__init__()
        self.network = VisionTransformer(
            img_size=tuple(shape[1:]),
            patch_size=patch,
            in_chans=shape[0],
            num_classes=classes,
            embed_dim=width,
            depth=layers,
            num_heads=heads,
        )
        self.head, self.network.head = self.network.head, nn.Identity()
        for block in self.network.blocks:
            # Attention is written out, because torch's own kernels have no second derivatives.
            block.attn.fused_attn = False
        pretrained.fill(self.network, weights, "")

    def features(self, x: Tensor) -> Tensor:
        """The class token: ``[N, C, H, W]`` to ``[N, width]``."""
        return self.network.forward_features(x)[:, 0]

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[N, K]``."""
        return self.head(self.features(x))
