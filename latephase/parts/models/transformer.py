"""sakamoto2026's one-layer Transformer, of patches (Fig. 9) or of tokens (Figs. 10 to 12).

A class token, learnt positions, one ``nn.TransformerEncoderLayer`` as torch has it (normalisation
after each sum, ReLU, no dropout), and a head that sees the class token. In the paper 128 features,
4 heads, 256 units, patches of 4×4.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

PARAMETERS = {
    "width": {"type": "integer", "minimum": 1, "default": 128},
    "heads": {"type": "integer", "minimum": 1, "default": 4},
    "mlp_width": {"type": "integer", "minimum": 1, "default": 256},
    # Side of a patch of an image.
    "patch": {"type": "integer", "minimum": 1, "default": 4},
    # Of both layers of the MLP and of the head, weights and biases.
    "init_scale": {"type": "number", "exclusiveMinimum": 0, "default": 1.0},
}
INPUTS = ["images", "integers"]


class Attention(nn.Module):
    """What the first of a sequence of tokens takes from all of them.

    Parameters as in ``nn.MultiheadAttention``. The other tokens ask for nothing: after one layer
    nobody looks at them.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.in_proj = nn.Linear(width, 3 * width)
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj.weight)
        nn.init.zeros_(self.in_proj.bias)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x: Tensor, hidden: Tensor | None) -> Tensor:
        """``x [N, T, width]`` to ``[N, width]``; no tokens are taken where ``hidden [N, T]``."""
        sizes = [x.shape[-1], 2 * x.shape[-1]]
        weight, bias = (p.split(sizes) for p in (self.in_proj.weight, self.in_proj.bias))
        q = linear(x[:, :1], weight[0], bias[0])
        k, v = linear(x, weight[1], bias[1]).chunk(2, 2)
        q, k, v = (t.unflatten(2, (self.heads, -1)).transpose(1, 2) for t in (q, k, v))
        # Written out: torch's own kernels have no rule for a run axis.
        scores = q @ k.mT / q.shape[-1] ** 0.5
        if hidden is not None:
            scores = scores.masked_fill(hidden[:, None, None], -torch.inf)
        return self.out_proj((scores.softmax(-1) @ v).flatten(1))


class Model(nn.Module):
    """Tokens or patches below a class token; the features are that token's, ``[N, width]``."""

    def __init__(
        self,
        shape: list[int],
        classes: int,
        vocabulary: int | None = None,
        padding: int | None = None,
        width: int = 128,
        heads: int = 4,
        mlp_width: int = 256,
        patch: int = 4,
        init_scale: float = 1.0,
    ):
        super().__init__()
        self.padding = padding
        if vocabulary is None:
            self.embedding = nn.Conv2d(shape[0], width, patch, stride=patch)
            length = (shape[1] // patch) * (shape[2] // patch)
        else:
            self.embedding = nn.Embedding(vocabulary, width)
            length = shape[0]
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, length + 1, width))
        self.attention = Attention(width, heads)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.linear1, self.linear2 = nn.Linear(width, mlp_width), nn.Linear(mlp_width, width)
        self.head = nn.Linear(width, classes)
        with torch.no_grad():
            for layer in (self.linear1, self.linear2, self.head):
                for parameter in layer.parameters():
                    parameter.mul_(init_scale)

    def features(self, x: Tensor) -> Tensor:
        """The class token: images ``[N, C, H, W]`` or tokens ``[N, T]`` to ``[N, width]``."""
        hidden = None
        if x.ndim == 2 and self.padding is not None:
            hidden = nn.functional.pad(x == self.padding, (1, 0))  # never the class token
        parts = self.embedding(x)
        parts = parts.flatten(2).transpose(1, 2) if x.ndim == 4 else parts
        x = torch.cat([self.token.expand(len(x), -1, -1), parts], 1) + self.positions
        token = self.norm1(x[:, 0] + self.attention(x, hidden))
        return self.norm2(token + self.linear2(self.linear1(token).relu()))

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[N, K]``."""
        return self.head(self.features(x))
