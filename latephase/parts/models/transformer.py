"""sakamoto2026's one-layer Transformer for patches (Fig. 9) or tokens (Figs. 10 to 12).

It has a class token, learnt positions, one ``nn.TransformerEncoderLayer`` with torch's defaults
(normalisation after each sum, ReLU) but without dropout, and a head that reads the class token. The
paper has 128 features, 4 heads, 256 units and patches of 4×4.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from latephase.parts.models.transformer_gradient import written

PARAMETERS = {
    "width": {"type": "integer", "minimum": 1, "default": 128},
    "heads": {"type": "integer", "minimum": 1, "default": 4},
    "mlp_width": {"type": "integer", "minimum": 1, "default": 256},
    # The side of a patch of an image.
    "patch": {"type": "integer", "minimum": 1, "default": 4},
    # The scale of weights and biases of both layers of the MLP and of the head.
    "init_scale": {"type": "number", "exclusiveMinimum": 0, "default": 1.0},
}
INPUTS = ["images", "integers"]


class Attention(nn.Module):
    """Attention of the first token of a sequence to all tokens.

    The parameters are those of ``nn.MultiheadAttention``. The queries of the other tokens are not
    needed, because after one layer nothing uses their outputs. The first token has the same query
    for every sample. So the query of each head is one vector a as wide as the tokens: its scores
    are ⟨a, x⟩, and it averages tokens before it takes their values. This is the same function in a
    fraction of the time. The biases of the keys add only a constant to the scores, so their
    gradient is 0.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.in_proj = nn.Linear(width, 3 * width)
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj.weight)
        nn.init.zeros_(self.in_proj.bias)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, first: Tensor, x: Tensor, hidden: Tensor | None) -> Tensor:
        """``first [width]``, also the first of ``x [N, T, width]``, to ``[N, width]``.

        Tokens where ``hidden [N, T]`` is true are ignored.
        """
        asks, keys, values = (
            w.unflatten(0, (self.heads, -1)) for w in self.in_proj.weight.chunk(3)
        )
        ask_bias, _, value_bias = self.in_proj.bias.chunk(3)
        asked = (asks @ first + ask_bias.view(self.heads, -1)) / asks.shape[1] ** 0.5
        scores = x @ (asked.unsqueeze(1) @ keys).squeeze(1).T
        if hidden is not None:
            scores = scores.masked_fill(hidden.unsqueeze(2), -torch.inf)
        mixed = scores.softmax(1).mT @ x
        taken = (mixed.transpose(0, 1) @ values.mT).transpose(0, 1).flatten(1)
        return self.out_proj(taken + value_bias)


class Model(nn.Module):
    """Tokens or patches after a class token, whose output is the features ``[N, width]``."""

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
            hidden = nn.functional.pad(x == self.padding, (1, 0))  # the class token is not hidden
        parts = self.embedding(x)
        parts = parts.flatten(2).transpose(1, 2) if x.ndim == 4 else parts
        x = torch.cat([self.token.expand(len(x), -1, -1), parts], 1) + self.positions
        first = (self.token + self.positions[:, :1]).flatten()
        token = self.norm1(first + self.attention(first, x, hidden))
        return self.norm2(token + self.linear2(self.linear1(token).relu()))

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[N, K]``."""
        return self.head(self.features(x))

    def gradient(
        self,
        params: list[Tensor],
        grads: list[Tensor],
        buffers: list[Tensor],
        logit_gradient: Callable[[Tensor, Tensor], Tensor],
    ) -> Callable[[Tensor, Tensor], None]:
        """Written-out backpropagation of one run, for the CPU, as in :meth:`mlp.Model.gradient`."""
        return written(self, params, grads, logit_gradient)
