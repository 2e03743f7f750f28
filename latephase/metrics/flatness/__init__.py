"""Relative flatness and curvature of the last layer, in closed form.

For logits z = Wφ + b and a loss with Hessian A_i = ∂²ℓ/∂z² at sample i, the block of the Hessian
between the rows s and t of W is H_st = 1/N Σ_i A_i[s, t] φ_i φ_iᵀ. Therefore

    κ_Tr = Σ_st ⟨w_s, w_t⟩ Tr H_st = 1/N Σ_i ‖φ_i‖² Tr(W Wᵀ A_i)
    Tr H = Σ_s Tr H_ss             = 1/N Σ_i ‖φ_i‖² Tr A_i

This is exact and needs no autograd. A small value means a flat loss. For the other layers see
:mod:`latephase.metrics.curvature.hessian_traces`.
"""

EVERY_RUN = True
"""Whether it is measured on every run, or only if a study names it under ``metrics``."""
COLUMNS = (
    "relative_flatness",
    "relative_flatness_std",
    "relative_flatness_bound",
    "relative_flatness_bound_first_power",
    "relative_flatness_max",
    "hessian_trace_last_layer",
    "weight_norm_last_layer",
)
"""The columns of its data."""
