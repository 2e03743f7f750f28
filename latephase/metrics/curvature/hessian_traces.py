"""Traces of the Hessian with respect to parameters: relative flatness of every layer, and Tr H.

If the logits are piecewise linear in a parameter, its own block of the Hessian of the loss is

    H_ll = 1/N Σ_i J_iᵀ A_i J_i = 1/N Σ_ik (J_iᵀ u_ik)(J_iᵀ u_ik)ᵀ,    A_i = Σ_k u_ik u_ikᵀ

because the second derivatives of the logits vanish. J_i is the derivative of the logits of sample i
with respect to that parameter. So K backward passes that start from the vectors u_k give all traces
exactly; for cross-entropy u_k = √p_k (e_k − p). For other parameters the traces are estimated from
Hessian-vector products.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Generator, Tensor, nn

from latephase.metrics.curvature.layer_taps import MATRIX_LAYERS, TAPS, MatrixTap, Tap, matrices
from latephase.metrics.curvature.mean_loss import Objective, Parameters
from latephase.metrics.curvature.piecewise_linear import linear_parameters
from latephase.metrics.curvature.precise_loss import roots

PROBES = 100


def trace_metrics(
    objective: Objective, generator: Generator, probes: int = PROBES
) -> dict[str, float]:
    """Relative flatness of every layer and the trace of the whole Hessian.

    Args:
        objective: the mean loss of a network, see
            :class:`latephase.metrics.curvature.mean_loss.Objective`.
        generator: for the estimates' random signs.
        probes: how many Hessian-vector products an estimate takes.

    The layers are the network's linear and two-dimensional convolutional layers, and `<layer>` is
    the dotted name of a layer. A column is exact, in K backward passes, if the logits are piecewise
    linear in its parameters
    (:func:`latephase.metrics.curvature.piecewise_linear.linear_parameters`) and each layer is
    called once. This holds in networks of linear, convolutional, pooling and batch normalisation
    layers with ReLU or similar activations, and for the last layer of any network. Otherwise the
    column is Hutchinson's estimate, the mean over random signs, and another column has the standard
    error of that mean.

    Returns:
        relative_flatness_layer_<layer>: κ_Tr = Σ_st ⟨w_s, w_t⟩ Tr H_st, w_s the rows of W
            It equals 1/N Σ_ik ‖a_i‖² ‖Wᵀδ_ik‖², where a is the input of the layer and δ_ik the
            derivative of u_ik·z by its outputs. For a convolution, W is the matrix of its unfolded
            kernels, with one row for each output channel; with g groups, it is the sum over g such
            matrices. Invariant to the scale of any layer against the next layer's and, in a hidden
            ReLU layer, to a scale for each of its own units (its rows against the next layer's
            columns); not invariant to a scale for each unit of its inputs. Estimated as ⟨V, HV⟩
            with V = WA, where A [d, d] has random signs.
            split: train
            bias: not used
            unit: loss
            range: [0, ∞) where exact; an estimate may be below 0
            good: small
            source: Petzka 2021
            elsewhere: for the last layer it is `relative_flatness`, which uses float32 features
        relative_flatness_layer_<layer>_error: standard error of `relative_flatness_layer_<layer>`
            0 if that column is exact.
            split: train
            bias: not used
            unit: loss
            range: [0, ∞)
            good: small
            source: –
            elsewhere: –
        hessian_trace: Tr H = Σ_j ∂²L/∂θ_j² over all parameters, biases included
            Exact for those parameters of linear, convolutional and batch normalisation layers in
            which the logits are piecewise linear; estimated for the others. Not invariant to any
            rescaling.
            split: train
            bias: used
            unit: loss / parameter²
            range: (−∞, ∞); [0, ∞) for piecewise linear networks
            good: small
            source: Hutchinson 1989, for the estimate
            elsewhere: PyHessian stops as soon as the running mean changes by less than 1e-3 of
                itself, which also happens by chance, and states no error; the code of Stutz 2021,
                after loss-landscape, adds up the mean losses of the batches, so its Hessian grows
                with their number, and leaves out parameters with one dimension
        hessian_trace_error: standard error of `hessian_trace`
            0 if that column is exact for all parameters.
            split: train
            bias: used
            unit: loss / parameter²
            range: [0, ∞)
            good: small
            source: –
            elsewhere: –
    """
    kappas, traces = _exact_traces(objective)
    layers = matrix_layers(objective.model)
    owned = {f"{name}.{kind}" for name in traces for kind in ("weight", "bias")}
    rest = {n: tensor for n, tensor in objective.parameters.items() if n not in owned}
    product = objective.hessian_product() if rest else None
    metrics = {}
    for name, module in layers.items():
        if name in kappas:
            value, error = kappas[name], 0.0
        elif f"{name}.weight" in rest:
            probe = partial(_kappa_probe, rest, name, module, generator)
            value, error = _hutchinson(product, probe, probes)
        else:
            value = error = math.nan
        metrics[f"relative_flatness_layer_{name}"] = float(value)
        metrics[f"relative_flatness_layer_{name}_error"] = float(error)
    trace, error = sum(traces.values()), 0.0
    if rest:
        estimate, error = _hutchinson(product, partial(_trace_probe, rest, generator), probes)
        trace = trace + estimate
    return metrics | {"hessian_trace": float(trace), "hessian_trace_error": float(error)}


def matrix_layers(model: nn.Module) -> dict[str, nn.Module]:
    """The layers that have a matrix, by their dotted names."""
    return {name: m for name, m in model.named_modules() if isinstance(m, MATRIX_LAYERS)}


def _exact_traces(objective: Objective) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """κ_Tr, and Tr H of all the layer's parameters, by the names of the layers that allow it."""
    candidates = _candidates(objective)
    kappas, traces = defaultdict(float), defaultdict(float)
    for inputs, targets in objective.blocks():
        with torch.enable_grad(), _tapped(candidates) as calls:
            logits = objective.outputs(objective.parameters, inputs)
        taps = {name: of_layer[0] for name, of_layer in calls.items() if len(of_layer) == 1}
        outputs = [tap.outputs for tap in taps.values()]
        for root, signs in roots(objective.loss, logits.detach(), targets) if taps else ():
            deltas = torch.autograd.grad(
                logits, outputs, root, retain_graph=True, materialize_grads=True
            )
            shares = signs / len(objective.inputs)
            for (name, tap), delta in zip(taps.items(), deltas, strict=True):
                traces[name] += shares @ tap.trace(delta)
                if isinstance(tap, MatrixTap):
                    kappas[name] += shares @ tap.kappa(delta)
    return kappas, traces


def _candidates(objective: Objective) -> dict[str, nn.Module]:
    """Layers with parameters of their own, in which the logits are piecewise linear.

    Subclasses of these layers and layers with reparametrised weights are excluded, because what
    they compute is unknown.
    """
    linear = linear_parameters(objective)
    holders = Counter(
        id(tensor) for _, tensor in objective.model.named_parameters(remove_duplicate=False)
    )
    chosen = {}
    for name, module in objective.model.named_modules():
        own = dict(module.named_parameters(prefix=name))
        plain = own and set(own) <= {f"{name}.weight", f"{name}.bias"}
        alone = all(holders[id(tensor)] == 1 for tensor in own.values())
        if type(module) in TAPS and plain and alone and set(own) <= linear:
            chosen[name] = module
    return chosen


@contextmanager
def _tapped(layers: dict[str, nn.Module]) -> Iterator[dict[str, list[Tap]]]:
    """Collect the calls of some layers while the network runs."""
    calls = defaultdict(list)

    def tap(module: nn.Module, args: tuple, named: dict, outputs: Tensor, name: str) -> Tensor:
        (inputs,) = (*args, *named.values())
        call = TAPS[type(module)](module, inputs.detach())
        call.outputs = outputs if outputs.requires_grad else outputs.requires_grad_()
        calls[name].append(call)
        return outputs.clone()  # the next operation may overwrite it

    hooks = [
        module.register_forward_hook(partial(tap, name=name), with_kwargs=True)
        for name, module in layers.items()
    ]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def _hutchinson(
    product: Callable[[Parameters], Parameters], draw: Callable[[], Parameters], probes: int
) -> tuple[Tensor, Tensor]:
    """Mean of ⟨v, Hv⟩ over random v, and its standard error."""
    values = []
    for _ in range(probes):
        vectors = draw()
        images = product(vectors)
        values.append(sum((vectors[name] * images[name]).sum() for name in vectors))
    values = torch.stack(values)
    return values.mean(), values.std() / math.sqrt(probes)


def _trace_probe(parameters: Parameters, generator: Generator) -> Parameters:
    """Random signs: E ⟨v, Hv⟩ = Tr H."""
    return {name: _signs(tensor.shape, tensor, generator) for name, tensor in parameters.items()}


def _kappa_probe(
    parameters: Parameters, name: str, module: nn.Module, generator: Generator
) -> Parameters:
    """V = WA with random signs A: E ⟨V, HV⟩ = Σ_st ⟨w_s, w_t⟩ Tr H_st.

    WWᵀV with random signs V has the same expectation, but ⟨WWᵀV, HV⟩ has a larger variance.
    """
    weight = parameters[f"{name}.weight"]
    rows = matrices(module, weight)
    groups, _, columns = rows.shape
    signs = _signs((groups, columns, columns), weight, generator)
    return {f"{name}.weight": (rows @ signs).reshape(weight.shape)}


def _signs(shape: tuple[int, ...], like: Tensor, generator: Generator) -> Tensor:
    bits = torch.randint(2, shape, generator=generator, device=generator.device)
    return (2 * bits - 1).to(like)
