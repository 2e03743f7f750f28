"""Find the parameters in which a network is piecewise linear."""

import re
from itertools import combinations

import torch
from torch import Tensor
from torch.autograd.graph import Node

from latephase.metrics.curvature.mean_loss import Objective

# Operations by their names in autograd, without the ending Backward0.
SUMS = {"Add", "Sub", "Neg", "Sum", "Mean", "AvgPool2D", "AdaptiveAvgPool2D"}
VIEWS = {"View", "UnsafeView", "ReshapeAlias", "T", "Transpose", "Permute", "AsStrided", "Alias"}
SHAPES = {"Expand", "Repeat", "Squeeze", "Unsqueeze", "ConstantPadNd", "ReflectionPad2D"}
PARTS = {"Select", "Slice", "Split", "SplitWithSizes", "Unbind", "Index", "IndexSelect", "Gather"}
COPIES = {"Clone", "ToCopy", "Cat", "Stack", "Flip", "Roll", "Embedding"}
KINKS = {"Relu", "LeakyRelu", "Threshold", "Hardtanh", "Abs", "Clamp", "ClampMin", "ClampMax"}
CHOICES = {"Where", "Max", "Min", "Maximum", "Minimum", "MaxPool2DWithIndices", "AdaptiveMaxPool2D"}
PIECEWISE_LINEAR = SUMS | VIEWS | SHAPES | PARTS | COPIES | KINKS | CHOICES
PRODUCTS = {"Mul", "Mm", "Mv", "Dot", "Addmm", "Bmm", "Baddbmm", "Convolution", "PreluKernel"}
BATCH_NORMS = {"NativeBatchNorm", "CudnnBatchNorm", "MiopenBatchNorm"}


def linear_parameters(objective: Objective) -> set[str]:
    """Names of the parameters in each of which the logits are piecewise linear, the others fixed.

    The rule uses autograd's graph of the logits of one sample, which contains `x.relu()` as well as
    `nn.ReLU`, and not only modules. An operation *bends* the parameters on which its operands
    depend, unless it is

    - piecewise linear (`PIECEWISE_LINEAR`), or
    - a product, which bends only the parameters that two of its operands share (a matrix used in
      two layers, but not the two matrices of two layers), or
    - batch normalisation with the running statistics of evaluation mode.

    An operation that is not named here bends, so a network counts as smooth unless it is known to
    be piecewise linear. If no operation bends a parameter, its own block of the Hessian is that of
    the Gauss–Newton matrix, almost everywhere. At a kink, derivatives are those of autograd.
    """
    with torch.enable_grad():
        leaves = {n: t.clone().requires_grad_() for n, t in objective.parameters.items()}
        inputs, _ = next(objective.blocks())
        logits = objective.outputs(leaves, inputs[:1])
    bent = _bent(logits)
    return {name for name, leaf in leaves.items() if id(leaf) not in bent}


def _bent(outputs: Tensor) -> set[int]:
    """The ids of the leaves that some operation on the way to the outputs bends."""
    depends: dict[Node, frozenset[int]] = {}  # the leaves that an operation's result depends on
    bent: set[int] = set()
    waiting = [outputs.grad_fn] if outputs.grad_fn else []
    while waiting:
        node = waiting[-1]
        before = [parent for parent, _ in node.next_functions if parent is not None]
        missing = [parent for parent in before if parent not in depends]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        if hasattr(node, "variable"):
            depends[node] = frozenset([id(node.variable)])
            continue
        operands = [depends[parent] for parent in before]
        depends[node] = frozenset().union(*operands)
        bent |= _bends(node, operands)
    return bent


def _bends(node: Node, operands: list[frozenset[int]]) -> set[int]:
    """The leaves in which an operation is not piecewise linear."""
    operation = re.sub(r"Backward\d*$", "", node.name())
    if operation in PIECEWISE_LINEAR:
        return set()
    if operation in PRODUCTS or (operation in BATCH_NORMS and not node._saved_training):
        return {leaf for a, b in combinations(operands, 2) for leaf in a & b}
    return set().union(*operands)
