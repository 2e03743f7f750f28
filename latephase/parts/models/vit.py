"""zhao2026's vision transformer (after tintn/vision-transformer-from-scratch), without dropout.

The paper has no dropout; its released code has 0.1. There is no layer normalisation before the
head.
"""

import torch
from torch import Tensor, nn

PARAMETERS = {
    "layers": {"type": "integer", "minimum": 1, "default": 6},
    "heads": {"type": "integer", "minimum": 1, "default": 8},
    "head_width": {"type": "integer", "minimum": 1, "default": 64},
    "mlp_width": {"type": "integer", "minimum": 1, "default": 512},
    # For the class token and the positions. All other weights have 0.02.
    "embedding_std": {"type": "number", "minimum": 0, "default": 1.0},
    "gelu": {"enum": ["tanh", "none"], "default": "tanh"},
}
PATCH = 4
SIDE = {"multipleOf": 4}
"""The allowed sides of the inputs."""


class Layer(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, heads: int, head_width: int, mlp_width: int, gelu: str):
        super().__init__()
        self.heads, hidden = heads, heads * head_width
        self.attention_norm = nn.LayerNorm(hidden)
        self.qkv = nn.Linear(hidden, 3 * hidden, bias=False)
        self.projection = nn.Linear(hidden, hidden)
        self.mlp = nn.Sequential(
            nn.LayerNorm(hidden),
            nn.Linear(hidden, mlp_width),
            nn.GELU(gelu),
            nn.Linear(mlp_width, hidden),
        )

    def attention(self, x: Tensor) -> Tensor:
        """For each token, a weighted average of all tokens: ``[N, T, hidden]`` to the same."""
        q, k, v = (
            t.unflatten(2, (self.heads, -1)).transpose(1, 2) for t in self.qkv(x).chunk(3, 2)
        )
        # Attention is written out, because torch's own kernels have no rule for a run axis.
        shares = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        return self.projection((shares @ v).transpose(1, 2).flatten(2))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x))
        return x + self.mlp(x)


class Model(nn.Module):
    """Patches of 4×4 and a class token through layers of attention. The head reads the token."""

    def __init__(
        self,
        shape: list[int],
        classes: int,
        layers: int = 6,
        heads: int = 8,
        head_width: int = 64,
        mlp_width: int = 512,
        embedding_std: float = 1.0,
        gelu: str = "tanh",
    ):
        super().__init__()
        hidden, patches = heads * head_width, (shape[1] // PATCH) * (shape[2] // PATCH)
        self.patches = nn.Conv2d(shape[0], hidden, PATCH, stride=PATCH)
        self.token = nn.Parameter(embedding_std * torch.randn(1, 1, hidden))
        self.positions = nn.Parameter(embedding_std * torch.randn(1, patches + 1, hidden))
        self.layers = nn.Sequential(
            *(Layer(heads, head_width, mlp_width, gelu) for _ in range(layers))
        )
        self.head = nn.Linear(hidden, classes)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                nn.init.normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def features(self, x: Tensor) -> Tensor:
        """The class token after the last layer: ``[N, C, H, W]`` to ``[N, hidden]``."""
        patches = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(x), -1, -1), patches], 1)
        return self.layers(tokens + self.positions)[:, 0]

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[N, K]``."""
        return self.head(self.features(x))
