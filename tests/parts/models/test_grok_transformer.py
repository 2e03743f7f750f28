"""The decoder of OpenAI's grok code, against a plain one: heads one by one, all places computed."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from latephase.parts.models import grok_transformer

WIDTH, HEADS, UNITS, TOKENS = 16, 4, 24, 31


@pytest.fixture(params=[1, 2, 3], ids="{} blocks".format)
def model(request):
    torch.manual_seed(0)
    sizes = (WIDTH, HEADS, UNITS, request.param)
    made = grok_transformer.Model([6], TOKENS, TOKENS, None, *sizes).double()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return made


def plain_logits(model: nn.Module, tokens: torch.Tensor) -> torch.Tensor:
    """At every place, from the paper's formulas: ``[N, T, K]``."""
    places = torch.zeros(tokens.shape[1], WIDTH, dtype=torch.float64)
    for place in range(tokens.shape[1]):
        for i in range(WIDTH):
            angle = place / 10_000 ** ((i - i % 2) / WIDTH)
            places[place, i] = math.cos(angle) if i % 2 else math.sin(angle)
    x = model.embedding.weight[tokens] + places
    for block in model.blocks:
        found, size = [], WIDTH // HEADS
        for head in range(HEADS):
            rows = slice(head * size, (head + 1) * size)
            q, k, v = (
                x @ layer.weight[rows].T for layer in (block.queries, block.keys, block.values)
            )
            scores = q @ k.transpose(1, 2) / math.sqrt(size)
            seen = torch.ones(scores.shape[1:], dtype=torch.bool).tril()
            found.append(scores.where(seen, torch.tensor(-math.inf).double()).softmax(2) @ v)
        taken = torch.cat(found, 2) @ block.out.weight.T
        x = functional.layer_norm(x + taken, [WIDTH], block.norm1.weight, block.norm1.bias)
        units = (x @ block.up.weight.T).clamp(min=0) @ block.down.weight.T
        x = functional.layer_norm(x + units, [WIDTH], block.norm2.weight, block.norm2.bias)
    return x @ model.head.weight.T


def test_logits_and_gradients_are_those_of_the_plain_one(model):
    tokens = torch.randint(0, TOKENS, (9, 6))
    targets = torch.stack([tokens[:, -1], torch.zeros(9, dtype=torch.long)], 1)
    found = []
    for logits in (model(tokens), plain_logits(model, tokens)[:, -2:]):
        loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        found.append([logits, *torch.autograd.grad(loss, list(model.parameters()))])
    for ours, theirs in zip(*found, strict=True):
        # Positions are in single precision, as theirs.
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-7)


def test_the_answer_does_not_see_itself(model):
    """Nor the end that comes after it: the answer stands in the input, one place later."""
    tokens = torch.randint(0, TOKENS, (5, 6))
    other = tokens.clone()
    other[:, -1] = (tokens[:, -1] + 1) % TOKENS
    assert torch.equal(model.features(tokens), model.features(other))
    assert not torch.allclose(model(tokens)[:, 1], model(other)[:, 1])


def test_it_is_configured_as_the_paper_has_it():
    model = grok_transformer.Model([6], 239, 239)
    count = {name: parameter.numel() for name, parameter in model.named_parameters()}
    of_block = 4 * 128 * 128 + 2 * 128 * 512 + 4 * 128
    assert sum(count.values()) == 2 * 239 * 128 + 2 * of_block
    biases = [name for name in count if name.endswith("bias")]
    assert biases == [f"blocks.{i}.norm{j}.bias" for i in (0, 1) for j in (1, 2)]
    torch.testing.assert_close(model.head(model.features(torch.zeros(2, 6, dtype=torch.long))),
                               model(torch.zeros(2, 6, dtype=torch.long))[:, 0])  # fmt: skip
