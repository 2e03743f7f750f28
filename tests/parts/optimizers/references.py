"""What each optimizer should do, in float64: torch's own, or the update rule in NumPy.

``REFERENCES[name](run, start, decayed)`` gives ``step(lr, grads) -> parameters``. ``run`` holds the
optimizer's numbers, ``start`` the parameters by name; ``decayed`` says of each whether it decays.
"""

import functools

import numpy as np
import torch

from latephase.runs import declared

DECAYS = ("weight_decay", "coupled_weight_decay")


def defaults(name):
    return {
        key: rule["default"]
        for key, rule in declared.parameters("optimizer", name).items()
        if "default" in rule
    }


def by_torch(make, run, start, decayed):
    """An optimizer of torch's, with a group a parameter."""
    weights = {name: torch.nn.Parameter(torch.tensor(value)) for name, value in start.items()}
    groups = [
        {"params": [weight], "weight_decay": run["weight_decay"] * decayed[name]}
        for name, weight in weights.items()
    ]
    optimizer = make(groups, run)

    def step(lr, grads):
        for name, group in zip(weights, optimizer.param_groups, strict=True):
            group["lr"] = lr
            weights[name].grad = torch.tensor(grads[name])
        optimizer.step()
        return {name: weight.detach().numpy() for name, weight in weights.items()}

    return step


def by_rule(rule, run, start, decayed):
    """``rule(name, w, g, memory, t, lr, λ, λ_c, run) -> w`` for one parameter after the other."""
    weights, memories, time = dict(start), {name: {} for name in start}, [0]

    def step(lr, grads):
        time[0] += 1
        for name, w in weights.items():
            decays = (run.get(key, 0) * decayed[name] for key in DECAYS)
            weights[name] = rule(name, w, grads[name], memories[name], time[0], lr, *decays, run)
        return weights

    return step


def sgdw(name, w, g, memory, t, lr, decay, _, run):
    w = w - lr * decay * w
    v = memory["v"] = run["momentum"] * memory.get("v", 0) + g
    return w - lr * v


def signum(name, w, g, memory, t, lr, decay, _, run):
    beta = run["momentum"]
    v = memory["v"] = beta * memory.get("v", 0) + (1 - beta) * (g + decay * w)
    return w - lr * np.sign(v)


def signumw(name, w, g, memory, t, lr, decay, _, run):
    beta = run["momentum"]
    v = memory["v"] = beta * memory.get("v", 0) + (1 - beta) * g
    return w - lr * decay * w - lr * np.sign(v)


def lion(name, w, g, memory, t, lr, decay, coupled, run):
    g, m = g + coupled * w, memory.get("m", 0)
    memory["m"] = run["beta2"] * m + (1 - run["beta2"]) * g
    return w - lr * (np.sign(run["beta1"] * m + (1 - run["beta1"]) * g) + decay * w)


def adam_move(g, memory, t, lr, run):
    m = memory["m"] = run["beta1"] * memory.get("m", 0) + (1 - run["beta1"]) * g
    v = memory["v"] = run["beta2"] * memory.get("v", 0) + (1 - run["beta2"]) * g**2
    corrected = m / (1 - run["beta1"] ** t), v / (1 - run["beta2"] ** t)
    return lr * corrected[0] / (np.sqrt(corrected[1]) + run["eps"])


def adam_mixture(name, w, g, memory, t, lr, decay, coupled, run):
    w = w - adam_move(g + coupled * w, memory, t, lr, run)
    return w - lr * decay * w


def muon(name, w, g, memory, t, lr, decay, coupled, run):
    g = g + coupled * w
    shrunk = w - lr * decay * w
    if w.ndim not in (2, 4) or (name == "head.weight" and run["head"] == "adam"):
        return shrunk - adam_move(g, memory, t, lr, run)
    m = memory["m"] = run["momentum"] * memory.get("m", 0) + (1 - run["momentum"]) * g
    ahead = run["momentum"] * m + (1 - run["momentum"]) * g
    left, values, right = np.linalg.svd(ahead.reshape(len(w), -1), full_matrices=False)
    values = values / np.linalg.norm(values)
    for _ in range(5):  # Newton-Schulz, on the singular values
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    size = 0.2 * np.sqrt(max(len(w), w.size / len(w)))
    return shrunk - lr * size * (left * values @ right).reshape(w.shape)


def shampoo(name, w, g, memory, t, lr, decay, coupled, run):
    g = g + coupled * w
    move = adam_move(g, memory, t, lr, run)
    if w.ndim in (2, 4):
        g, m = (x.reshape(len(w), -1) for x in (g, memory["m"]))
        beta = run["beta2"]
        for side, square in (("L", g @ g.T), ("R", g.T @ g)):
            memory[side] = beta * memory.get(side, 0) + (1 - beta) * square
            if t <= 10 or t % 10 == 0:
                vectors, values, _ = np.linalg.svd(memory[side])
                memory[side + "root"] = vectors / (values + 1e-6 * values[0]) ** 0.25 @ vectors.T
        turned = memory["Lroot"] @ m @ memory["Rroot"]
        move = (turned * np.linalg.norm(move) / np.linalg.norm(turned)).reshape(w.shape)
    return w - lr * decay * w - move


def torch_sgd(groups, run):
    return torch.optim.SGD(groups, momentum=run["momentum"])


def torch_adam(groups, run):
    return torch.optim.Adam(groups, betas=(run["beta1"], run["beta2"]), eps=run["eps"])


def torch_adamw(groups, run):
    return torch.optim.AdamW(groups, betas=(run["beta1"], run["beta2"]), eps=run["eps"])


REFERENCES = {
    "sgd": functools.partial(by_torch, torch_sgd),
    "adam": functools.partial(by_torch, torch_adam),
    "adamw": functools.partial(by_torch, torch_adamw),
} | {
    rule.__name__: functools.partial(by_rule, rule)
    for rule in (sgdw, signum, signumw, lion, adam_mixture, muon, shampoo)
}
