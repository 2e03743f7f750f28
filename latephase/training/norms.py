"""Scale weights to a norm, which interventions do in addition to the optimizer's steps."""

from torch import Tensor

from latephase.parts.parameter_rows import Layout


def bound_head(params: Tensor, layout: Layout, most: float) -> None:
    """Project the head's weight of every run of ``params`` ``[R, P]`` to ‖W‖_F ≤ ``most``.

    The bias is not changed. A weight within the bound stays exactly the same.
    """
    weight = layout.views(params)["head.weight"]
    norms = weight.flatten(1).double().norm(dim=1)
    factors = (most / norms).clamp(max=1).to(params.dtype)
    weight.mul_(factors[:, None, None])


def scale_weights(params: Tensor, layout: Layout, norm: float) -> None:
    """Scale all weights of every run of ``params`` ``[R, P]`` together to a norm.

    Weights are the tensors of two or more dimensions. If all weights of a run are 0, no factor
    gives them the norm. Such a run becomes NaN, like one that diverges. The other runs are not
    affected.
    """
    weights = layout.weights().to(params.device) > 0
    found = params[:, weights].double().norm(dim=1, keepdim=True)
    params[:, weights] = (params[:, weights] * (norm / found)).to(params.dtype)
