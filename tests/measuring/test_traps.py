"""Traps in public code that no other test here has by name."""

import weakref

import torch
from torch import nn

from latephase.measuring import over_checkpoints
from latephase.metrics.collapse.family import collapse_metrics
from latephase.metrics.flatness.family import relative_flatness
from latephase.parts import network
from latephase.progress import Progress
from latephase.storage import checkpoints
from tests.training import packs


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_fam_takes_another_layout_of_the_hessian():
    """RelativeFlatnessAndGeneralization, neuronwise: [K, d, K, d] read as [d, K, d, K]."""
    features, weight, labels = random(20, 3), random(4, 3, seed=1), torch.arange(20) % 4

    def loss(w):
        return nn.functional.cross_entropy(features @ w.T, labels)

    hessian = torch.autograd.functional.hessian(loss, weight)  # [K, d, K, d]
    right = torch.einsum("sd,td,sjtj->", weight, weight, hessian)
    mistaken = torch.einsum(
        "sd,td,sjtj->", weight, weight, hessian.reshape(3, 4, 3, 4).permute(1, 0, 3, 2)
    )
    ours = relative_flatness(features, features @ weight.T, weight, "cross_entropy")
    torch.testing.assert_close(ours, float(right), rtol=1e-9, atol=0)
    assert abs(ours - float(mistaken)) > 0.01 * ours


class WithBatchNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.head = nn.BatchNorm1d(5), nn.Linear(5, 3)

    def features(self, x):
        return self.norm(x)


def test_kong_measures_in_training_mode():
    """kongwanbianjinyu never calls eval(): features then depend on the batch, and move its norm."""
    model = WithBatchNorm().double().train()
    inputs = random(12, 5) + 3
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    parameters = dict(model.named_parameters())
    whole = network.features(model, parameters, inputs)
    alone = torch.cat([network.features(model.train(), parameters, x[None]) for x in inputs])
    assert torch.equal(whole, alone)
    torch.testing.assert_close(whole, inputs / (1 + model.norm.eps) ** 0.5)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_neural_collapse_optimizer_stores_one_for_the_other():
    """Its NC2Wn, of W minus the mean of its rows, holds the number of W itself."""
    frame = torch.eye(4, dtype=torch.float64) - 0.25
    weight = frame + torch.tensor([3.0, 1.0, 0.0, 2.0], dtype=torch.float64)
    labels = torch.arange(40) % 4
    metrics = collapse_metrics(frame[labels] + 0.1 * random(40, 4), labels, weight)
    assert metrics["nc2_etf_weight_centred"] < 1e-12
    assert metrics["nc2_etf_weight"] > 0.1


def test_an_extraction_keeps_no_checkpoint_in_memory(digits_file, tmp_path):
    """Whatever their number: what was measured on one is gone when the next is."""
    from latephase.datasets import stored
    from latephase.runs import parts
    from latephase.training import trainer

    pack = packs.pack({"seed": 1}, {"seed": 2}, steps=10, checkpoints={"every": [[10, 1]]})
    data = stored.load(digits_file, **parts.arguments(pack["common"]["data"]))
    folder, *_ = trainer.train(pack, data, tmp_path)
    seen, alive = [], []

    def measure(snapshot):
        alive.append(sum(ref() is not None for ref in seen))
        seen.append(weakref.ref(snapshot.features("train")))
        return {"x": 0.0}

    progress = Progress("x", "checkpoint", 0, 11, 2)
    table = over_checkpoints.table(folder, pack, data, "cpu", measure, progress)
    assert len(table) == 2 * len(checkpoints.steps_in(folder)) == 22
    assert max(alive) <= 1
