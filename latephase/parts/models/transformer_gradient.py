"""Written-out backpropagation of :mod:`latephase.parts.models.transformer`, for one run.

Without a graph, a step of a small network takes a third of the time (``benchmarks/networks.py``).
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import embedding

aten = torch.ops.aten
Fill = Callable[[Tensor, Tensor], None]


class Patches:
    """Patches of an image, each mapped to a token by one matrix and a bias."""

    def __init__(self, params: list[Tensor], grads: list[Tensor], side: int):
        self.weight, self.bias, self.side = params[0].flatten(1), params[1], side
        self.weight_grad, self.bias_grad = grads[0].flatten(1), grads[1]

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, T, width]``."""
        cut = x.unfold(2, self.side, self.side).unfold(3, self.side, self.side)
        self.rows = cut.permute(0, 2, 3, 1, 4, 5).reshape(-1, self.weight.shape[1])
        return torch.addmm(self.bias, self.rows, self.weight.T).view(len(x), -1, len(self.bias))

    def backward(self, above: Tensor) -> None:
        flat = above.reshape(-1, len(self.bias))
        torch.mm(flat.T, self.rows, out=self.weight_grad)
        torch.sum(flat, 0, out=self.bias_grad)


class Words:
    """Tokens that are rows of a table."""

    def __init__(self, params: list[Tensor], grads: list[Tensor], side: int):
        (self.table,), (self.grad,) = params, grads

    def forward(self, x: Tensor) -> Tensor:
        """``[N, T]`` to ``[N, T, width]``."""
        self.words = x
        return embedding(x, self.table)

    def backward(self, above: Tensor) -> None:
        rows = above.reshape(-1, above.shape[-1])
        self.grad.zero_().index_add_(0, self.words.flatten(), rows)


class Norm:
    """Layer normalisation of ``[N, width]``."""

    def __init__(self, params: list[Tensor], grads: list[Tensor], eps: float):
        self.params, self.grads, self.eps = params, grads, eps

    def forward(self, x: Tensor) -> Tensor:
        self.input, self.sizes = x, x.shape[1:]
        out, *self.moments = torch.native_layer_norm(x, self.sizes, *self.params, self.eps)
        return out

    def backward(self, above: Tensor) -> Tensor:
        below, *grads = aten.native_layer_norm_backward(
            above, self.input, self.sizes, *self.moments, *self.params, [True] * 3
        )
        for kept, grad in zip(self.grads, grads, strict=True):
            kept.copy_(grad)
        return below


def linear_backward(above: Tensor, below: Tensor, grads: list[Tensor]) -> None:
    """Fill the gradients of a fully connected layer's weight and bias."""
    torch.mm(above.T, below, out=grads[0])
    torch.sum(above, 0, out=grads[1])


def written(
    model: torch.nn.Module,
    params: list[Tensor],
    grads: list[Tensor],
    logit_gradient: Callable[[Tensor, Tensor], Tensor],
) -> Fill:
    """A function of a batch and its targets that fills the gradients.

    The gradients are views in the order of the parameters: token, positions, embedding, in_proj,
    out_proj, norms, MLP, head.
    """
    heads, padding = model.attention.heads, model.padding
    token_grad, positions_grad = grads[0].flatten(), grads[1][0]
    token, positions = params[0].flatten(), params[1][0]
    at = len(params) - 14
    kind = Words if at == 3 else Patches
    embed = kind(params[2:at], grads[2:at], getattr(model.embedding, "kernel_size", [0])[0])
    (in_weight, in_bias, *out), (in_grad, in_bias_grad, *out_grad) = (
        tensors[at : at + 4] for tensors in (params, grads)
    )
    asks, keys, values = (w.unflatten(0, (heads, -1)) for w in in_weight.chunk(3))
    ask_grad, key_grad, value_grad = (w.unflatten(0, (heads, -1)) for w in in_grad.chunk(3))
    ask_bias, _, value_bias = in_bias.chunk(3)
    ask_bias_grad, key_bias_grad, value_bias_grad = in_bias_grad.chunk(3)
    norm1, norm2 = (
        Norm(params[i : i + 2], grads[i : i + 2], norm.eps)
        for i, norm in ((at + 4, model.norm1), (at + 6, model.norm2))
    )
    first_layer, second_layer, head = (slice(i, i + 2) for i in range(at + 8, at + 14, 2))
    root = asks.shape[1] ** 0.5

    def fill(x: Tensor, targets: Tensor) -> None:
        first = token + positions[0]
        tokens = x.new_empty(len(x), *positions.shape, dtype=token.dtype)
        torch.add(embed.forward(x), positions[1:], out=tokens[:, 1:])
        tokens[:, 0] = first
        asked = torch.addmv(ask_bias, asks.flatten(0, 1), first).view(heads, 1, -1).div_(root)
        question = (asked @ keys).squeeze(1)
        scores = tokens @ question.T
        if x.ndim == 2 and padding is not None:
            scores[:, 1:].masked_fill_((x == padding).unsqueeze(2), -torch.inf)
        shares = scores.softmax(1)
        mixed = (shares.mT @ tokens).transpose(0, 1)
        taken = (mixed @ values.mT).transpose(0, 1).flatten(1) + value_bias
        middle = norm1.forward(torch.addmm(out[1], taken, out[0].T).add_(first))
        units = torch.addmm(params[first_layer][1], middle, params[first_layer][0].T).relu_()
        last = torch.addmm(params[second_layer][1], units, params[second_layer][0].T)
        features = norm2.forward(last.add_(middle))
        logits = torch.addmm(params[head][1], features, params[head][0].T)

        delta = logit_gradient(logits, targets)
        linear_backward(delta, features, grads[head])
        delta = norm2.backward(delta @ params[head][0])
        linear_backward(delta, units, grads[second_layer])
        inner = aten.threshold_backward(delta @ params[second_layer][0], units, 0)
        linear_backward(inner, middle, grads[first_layer])
        delta = norm1.backward(delta.addmm_(inner, params[first_layer][0]))
        linear_backward(delta, taken, out_grad)
        of_first = delta.sum(0)
        delta = delta @ out[0]
        torch.sum(delta, 0, out=value_bias_grad)
        delta = delta.unflatten(1, (heads, -1)).transpose(0, 1)
        value_grad.copy_(delta.mT @ mixed)
        of_mixed = (delta @ values).transpose(0, 1)
        of_scores = aten._softmax_backward_data(tokens @ of_mixed.mT, shares, 1, shares.dtype)
        of_tokens = shares @ of_mixed
        of_tokens.view(-1, len(token)).addmm_(of_scores.view(-1, heads), question)
        of_question = of_scores.view(-1, heads).T @ tokens.view(-1, len(token))
        torch.mul(asked.transpose(1, 2), of_question.unsqueeze(1), out=key_grad)
        of_asked = (keys @ of_question.unsqueeze(2)).flatten().div_(root)
        ask_bias_grad.copy_(of_asked)
        key_bias_grad.zero_()
        torch.outer(of_asked, first, out=ask_grad.flatten(0, 1))
        of_first.addmv_(asks.flatten(0, 1).T, of_asked)
        embed.backward(of_tokens[:, 1:])
        torch.sum(of_tokens, 0, out=positions_grad)
        positions_grad[0] += of_first
        token_grad.copy_(positions_grad[0])

    return fill
