"""A training as a user writes it, for the tests of the engine."""

from itertools import pairwise

import torch
from torch.nn import functional

from latephase.runs import parts
from latephase.training import trainer


def plain_loop(run, data, steps, dtype):
    """What a user writes: a module, an optimizer of torch's, a loop."""
    torch.manual_seed(run["seed"])
    entry = run["model"]
    sizes = [64, *entry["widths"], 10]
    layers = []
    for m, n in pairwise(sizes):
        layers += [torch.nn.Linear(m, n), torch.nn.ReLU()]
    model = torch.nn.Sequential(torch.nn.Flatten(), *layers[:-1])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= entry["init_scale"]
    model.to(dtype)
    values = parts.arguments(run["optimizer"])
    if run["optimizer"]["name"] == "adamw":
        betas = values.pop("beta1"), values.pop("beta2")
        optimizer = torch.optim.AdamW(model.parameters(), betas=betas, **values)
    else:
        optimizer = torch.optim.SGD(model.parameters(), **values)
    done = epoch = 0
    while done < steps:
        order = trainer.epoch_order(run["seed"], epoch, len(data.train_inputs))
        for index in order.split(run["batch_size"])[: steps - done]:
            x, y = data.train_inputs[index].to(dtype), data.train_labels[index]
            if run["loss"]["name"] == "mse":
                loss = functional.mse_loss(
                    model(x), functional.one_hot(y, 10).to(dtype), reduction="sum"
                )
            else:
                loss = functional.cross_entropy(model(x), y, reduction="sum")
            if run["loss"]["reduction"] == "mean":
                loss = loss / len(index)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            done += 1
        epoch += 1
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
