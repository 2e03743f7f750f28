"""The decoder of OpenAI's grok code, for equations (han2025, Figs. 1 and 20).

It has two blocks by default, each of causal attention and an MLP. Each residual sum is normalised.
The only biases are those of the normalisations; the head has none. Positions are sinusoidal and
not learnt. The paper has 128 features, 4 heads and 512 units.

The output is logits at the two positions that count, ``[N, 2, K]``: at ``=``, which precedes the
answer, and at the answer, which precedes the end.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from latephase.parts.models.grok_transformer_gradient import written

PARAMETERS = {
    "width": {"type": "integer", "minimum": 2, "multipleOf": 2, "default": 128},
    "heads": {"type": "integer", "minimum": 1, "default": 4},
    "mlp_width": {"type": "integer", "minimum": 1, "default": 512},
    "blocks": {"type": "integer", "minimum": 1, "default": 2},
}
INPUTS = ["integers"]
ANSWERED = 2
"""The number of last positions of a sequence whose next tokens are predicted."""


class Block(nn.Module):
    """Attention to earlier positions, and an MLP."""

    def __init__(self, width: int, heads: int, mlp_width: int):
        super().__init__()
        self.heads = heads
        self.queries, self.keys, self.values, self.out = (
            nn.Linear(width, width, bias=False) for _ in range(4)
        )
        self.up = nn.Linear(width, mlp_width, bias=False)
        self.down = nn.Linear(mlp_width, width, bias=False)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x: Tensor, last: int) -> Tensor:
        """The outputs at the ``last`` positions of ``x [N, T, width]``: ``[N, last, width]``.

        The other positions are attended to, but their outputs are not computed, because nothing
        uses them.
        """
        asking = x[:, -last:]
        return self.attended(asking, self.queries(asking), self.keys(x), self.values(x))

    def attended(self, asking: Tensor, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """The block's outputs at its last positions, ``[N, last, width]``.

        ``asking`` are its inputs at these positions and ``queries`` their queries, both of the
        same shape. ``keys`` and ``values`` are those of all positions, ``[N, T, width]``.
        """
        queries, keys, values = (
            rows.unflatten(2, (self.heads, -1)).transpose(1, 2) for rows in (queries, keys, values)
        )
        scores = queries @ keys.mT / math.sqrt(queries.shape[-1])
        last, length = scores.shape[-2:]
        later = torch.ones(last, length, dtype=torch.bool, device=asking.device)
        later = later.triu(length - last + 1)
        weights = scores.masked_fill(later, -torch.inf).softmax(-1)
        taken = (weights @ values).transpose(1, 2).flatten(2)
        x = self.norm1(asking + self.out(taken))
        return self.norm2(x + self.down(self.up(x).relu()))


UNCHANGED = nn.Identity()


class Model(nn.Module):
    """The decoder. Its features are those at ``=``, which predict the answer: ``[N, width]``."""

    def __init__(
        self,
        shape: list[int],
        classes: int,
        vocabulary: int | None = None,
        padding: int | None = None,
        width: int = 128,
        heads: int = 4,
        mlp_width: int = 512,
        blocks: int = 2,
    ):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary or classes, width)
        self.blocks = nn.ModuleList(Block(width, heads, mlp_width) for _ in range(blocks))
        self.head = nn.Linear(width, classes, bias=False)
        self.register_buffer("positions", sinusoids(shape[0], width))

    def both_features(self, x: Tensor) -> Tensor:
        """Features at ``=`` and at the answer: tokens ``[N, T]`` to ``[N, 2, width]``."""
        first, *later = self.blocks
        tokens = x if later else x[:, -ANSWERED:]
        # A linear layer of a sum of embedding and position is the sum of the layer of each. So the
        # first block's layers are computed once for every token of the vocabulary and once for
        # every position, and not for every token of every equation.
        x = first.attended(
            self._embedded(tokens),
            self._embedded(tokens, first.queries),
            self._embedded(x, first.keys),
            self._embedded(x, first.values),
        )
        for block in later:
            x = block(x, ANSWERED if block is later[-1] else x.shape[1])
        return x

    def _embedded(self, tokens: Tensor, layer: nn.Module = UNCHANGED) -> Tensor:
        """A linear layer of the sum of embeddings and positions, for the last tokens ``[N, T]``."""
        positions = self.positions[-tokens.shape[1] :]
        return functional.embedding(tokens, layer(self.embedding.weight)) + layer(positions)

    def features(self, x: Tensor) -> Tensor:
        """Features at ``=``: tokens ``[N, T]`` to ``[N, width]``."""
        return self.both_features(x)[:, 0]

    def forward(self, x: Tensor) -> Tensor:
        """Logits of the answer and of the end: tokens ``[N, T]`` to ``[N, 2, K]``."""
        return self.head(self.both_features(x))

    def gradient(
        self,
        params: list[Tensor],
        grads: list[Tensor],
        buffers: list[Tensor],
        logit_gradient: Callable[[Tensor, Tensor], Tensor],
    ) -> Callable[[Tensor, Tensor], None]:
        """Written-out backpropagation of one run, for the CPU, as in :meth:`mlp.Model.gradient`."""
        return written(self, params, grads, buffers[0], ANSWERED, logit_gradient)


def sinusoids(length: int, width: int) -> Tensor:
    """Positions as in Vaswani 2017, ``[length, width]``: sines in even columns, cosines in odd."""
    frequency = 10_000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency
    return torch.stack([angle.sin(), angle.cos()], 2).flatten(1).float()
