"""Written-out backpropagation of :mod:`latephase.parts.models.grok_transformer`, for one run.

Without a graph, a step of the network of scale quick takes half of the time. Hidden states
are matrices ``[N·T, width]``, with one row for each position of each sequence. In attention, the
heads come first: ``[N·heads, T, width of a head]``.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from latephase.parts.models.transformer_gradient import Fill, Norm

aten = torch.ops.aten
SLOW_PRODUCT = 400
"""With fewer multiplications, torch computes a batch of products by a plain loop."""


class Linear:
    """A fully connected layer without a bias, for rows ``[n, in]``."""

    def __init__(self, weight: Tensor, grad: Tensor):
        self.weight, self.grad = weight, grad

    def forward(self, x: Tensor) -> Tensor:
        self.input = x
        return x @ self.weight.T

    def backward(self, above: Tensor) -> Tensor:
        torch.mm(above.T, self.input, out=self.grad)
        return above @ self.weight


class Tokens:
    """Queries, keys and values of the first block, which depend only on token and position.

    So each is computed once for every token and position, and looked up for every sequence.
    """

    def __init__(self, params: list[Tensor], grads: list[Tensor], positions: Tensor, heads: int):
        self.table, *self.weights = params
        self.table_grad, *self.weight_grads = grads
        self.positions, self.length, self.heads = positions, len(positions), heads
        self.memory: dict[int, list[Tensor]] = {}  # for each size of a batch, kept between steps

    def forward(self, x: Tensor, last: int, asked: int) -> tuple[Tensor, ...]:
        """Embeddings, queries, keys and values of tokens ``[N, T]``.

        Returns the embeddings of the last positions ``[N·last, width]``, the queries of the last
        ``asked`` positions, and the keys and values of all positions.
        """
        width = self.table.shape[1] // self.heads
        places = x * self.length + torch.arange(self.length)
        rows = (places * self.heads).unsqueeze(1) + torch.arange(self.heads).unsqueeze(1)
        self.last = places[:, -last:].flatten()
        self.rows = [rows[:, :, -asked:].flatten(), rows.flatten(), rows.flatten()]
        if len(x) not in self.memory:
            self.memory[len(x)] = [self.table.new_empty(len(rows), width) for rows in self.rows]
        found = self.memory[len(x)]
        for weight, rows, out in zip(self.weights, self.rows, found, strict=True):
            projected = self._of_places(self.table @ weight.T, self.positions @ weight.T)
            torch.index_select(projected.view(-1, width), 0, rows, out=out)
        asks, keys, values = (rows.view(len(x) * self.heads, -1, width) for rows in found)
        embedded = self._of_places(self.table, self.positions).flatten(0, 1)
        return embedded.index_select(0, self.last), asks, keys, values

    def backward(self, of_last: Tensor, *of_projections: Tensor) -> None:
        """Fill the gradients of the table and of the three layers."""
        torch.sum(self._by_places(self.last, of_last), 1, out=self.table_grad)
        layers = zip(self.weights, self.weight_grads, self.rows, of_projections, strict=True)
        for weight, grad, rows, above in layers:
            of_places = self._by_places(rows, above.flatten(0, 1))
            of_tokens = of_places.sum(1)
            torch.mm(of_tokens.T, self.table, out=grad)
            grad.addmm_(of_places.sum(0).T, self.positions)
            self.table_grad.addmm_(of_tokens, weight)

    def _by_places(self, rows: Tensor, above: Tensor) -> Tensor:
        """Sums ``[V, T, width]`` over all sequences of what was looked up in these rows."""
        size, width = self.table.shape
        of_places = above.new_zeros(size * self.length * width // above.shape[1], above.shape[1])
        return of_places.index_add_(0, rows, above).view(size, self.length, width)

    @staticmethod
    def _of_places(of_tokens: Tensor, of_positions: Tensor) -> Tensor:
        """The sums ``[V, T, width]`` of a vector for each token and a vector for each position."""
        return of_tokens.unsqueeze(1) + of_positions


class States:
    """The queries, keys and values of a later block, computed from hidden states."""

    def __init__(self, params: list[Tensor], grads: list[Tensor], length: int, heads: int):
        self.layers = [Linear(*pair) for pair in zip(params, grads, strict=True)]
        self.length, self.heads = length, heads

    def forward(self, x: Tensor, last: int, asked: int) -> tuple[Tensor, ...]:
        """The same as :meth:`Tokens.forward`, from states ``[N·T, width]``."""
        asks, keys, values = self.layers
        rows = x.view(-1, self.length, x.shape[1])
        self.last = last
        return rows[:, -last:].flatten(0, 1), *(
            by_heads(layer.forward(of), places, self.heads)
            for layer, of, places in (
                (asks, rows[:, -asked:].flatten(0, 1), asked),
                (keys, x, self.length),
                (values, x, self.length),
            )
        )

    def backward(self, of_last: Tensor, *of_projections: Tensor) -> Tensor:
        """Return the gradient of the states, and fill the gradients of the three layers."""
        of_asks, of_keys, of_values = (
            layer.backward(together(above, self.heads))
            for layer, above in zip(self.layers, of_projections, strict=True)
        )
        below = of_keys.add_(of_values).view(-1, self.length, of_last.shape[1])
        asked = of_projections[0].shape[1]
        below[:, -asked:] += of_asks.view(-1, asked, of_last.shape[1])
        below[:, -self.last :] += of_last.view(-1, self.last, of_last.shape[1])
        return below.flatten(0, 1)


def by_heads(rows: Tensor, places: int, heads: int) -> Tensor:
    """Rows ``[N·T, width]`` as ``[N·heads, T, width of a head]``."""
    return rows.view(-1, places, heads, rows.shape[1] // heads).transpose(1, 2).flatten(0, 1)


def together(of_heads: Tensor, heads: int) -> Tensor:
    """The inverse of :func:`by_heads`."""
    return of_heads.unflatten(0, (-1, heads)).transpose(1, 2).flatten(2).flatten(0, 1)


class Attention:
    """Attention of the last positions to all positions up to their own."""

    def __init__(self, asked: int, length: int, like: Tensor):
        hidden = torch.ones(asked, length, dtype=torch.bool).triu(length - asked + 1)
        self.hidden = like.new_zeros(asked, length).masked_fill_(hidden, -torch.inf)

    def forward(self, asks: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """``[M, asked, e]``, ``[M, T, e]`` and ``[M, T, e]`` to ``[M, asked, e]``."""
        self.asks, self.keys, self.values, self.scale = asks, keys, values, asks.shape[2] ** -0.5
        shares = torch.baddbmm(self.hidden, asks, keys.mT, alpha=self.scale)
        # For rows of a few numbers, torch's softmax takes five times as long.
        shares.sub_(shares.amax(2, keepdim=True)).exp_()
        self.shares = shares.div_(shares.sum(2, keepdim=True))
        return shares @ values

    def backward(self, above: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The gradients of queries, keys and values."""
        of_scores = (above @ self.values.mT).mul_(self.shares)
        of_scores.sub_(self.shares * of_scores.sum(2, keepdim=True)).mul_(self.scale)
        return of_scores @ self.keys, of_scores.mT @ self.asks, self.shares.mT @ above


class Rest:
    """The part of a block after its attention: a layer, an MLP, and two normalised sums."""

    def __init__(self, params: list[Tensor], grads: list[Tensor], eps: tuple[float, float]):
        pairs = list(zip(params[:3], grads[:3], strict=True))
        self.out, self.up, self.down = (Linear(*pair) for pair in pairs)
        self.norm1 = Norm(params[3:5], grads[3:5], eps[0])
        self.norm2 = Norm(params[5:7], grads[5:7], eps[1])

    def forward(self, asking: Tensor, taken: Tensor) -> Tensor:
        middle = self.norm1.forward(self.out.forward(taken).add_(asking))
        self.units = self.up.forward(middle).relu_()
        return self.norm2.forward(self.down.forward(self.units).add_(middle))

    def backward(self, above: Tensor) -> tuple[Tensor, Tensor]:
        """The gradients of the block's input at the last positions and of what attends."""
        delta = self.norm2.backward(above)
        inner = aten.threshold_backward(self.down.backward(delta), self.units, 0)
        delta = self.norm1.backward(delta.add_(self.up.backward(inner)))
        return delta, self.out.backward(delta)


class Block:
    """A block of the decoder, from its input to its output at the last positions, and back."""

    def __init__(self, source: Tokens | States, rest: Rest, last: int, like: Tensor):
        length, heads = source.length, source.heads
        width = like.shape[1] // heads
        # More positions than necessary get queries if this makes the products fast.
        self.asked = min(length, max(last, -(-SLOW_PRODUCT // (length * width))))
        self.source, self.rest, self.last, self.heads = source, rest, last, heads
        self.attention = Attention(self.asked, length, like)

    def forward(self, x: Tensor) -> Tensor:
        asking, *projections = self.source.forward(x, self.last, self.asked)
        taken = self.attention.forward(*projections)[:, -self.last :]
        return self.rest.forward(asking, together(taken, self.heads))

    def backward(self, above: Tensor) -> Tensor | None:
        of_asking, of_taken = self.rest.backward(above)
        of_taken = by_heads(of_taken, self.last, self.heads)
        of_all = of_taken.new_zeros(len(of_taken), self.asked, of_taken.shape[2])
        of_all[:, -self.last :] = of_taken
        return self.source.backward(of_asking, *self.attention.backward(of_all))


def written(
    model: torch.nn.Module,
    params: list[Tensor],
    grads: list[Tensor],
    positions: Tensor,
    answered: int,
    logit_gradient: Callable[[Tensor, Tensor], Tensor],
) -> Fill:
    """A function of a batch and its targets ``[N, answered, K]`` that fills the gradients.

    ``params`` and ``grads`` are in the order of the parameters: table; queries, keys, values, out,
    up, down and the two norms of each block; head.
    """
    head, blocks = Linear(params[-1], grads[-1]), []
    for number, module in enumerate(model.blocks):
        at = 1 + 10 * number
        first, last = number == 0, number == len(model.blocks) - 1
        if first:
            source = Tokens(params[:4], grads[:4], positions, module.heads)
        else:
            source = States(params[at : at + 3], grads[at : at + 3], len(positions), module.heads)
        eps = module.norm1.eps, module.norm2.eps
        rest = Rest(params[at + 3 : at + 10], grads[at + 3 : at + 10], eps)
        blocks.append(Block(source, rest, answered if last else len(positions), params[0]))

    def fill(x: Tensor, targets: Tensor) -> None:
        for block in blocks:
            x = block.forward(x)
        logits = head.forward(x).view_as(targets)
        above = head.backward(logit_gradient(logits, targets).flatten(0, 1))
        for block in reversed(blocks):
            above = block.backward(above)

    return fill
