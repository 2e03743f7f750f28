"""What the theorems of sakamoto2026 say about training, as functions.

The bounds that hold on any sample are metrics: Theorems 3.2 and 4.1 in
:mod:`latephase.metrics.contraction`, Theorem 3.4 in
:mod:`latephase.metrics.information.redundancy`.
"""


def balancedness_factor(lr: float, decay: float, steps: int) -> float:
    """By what D = W₂ᵀW₂ − W₁W₁ᵀ of two linear layers in a row is multiplied (Theorem 4.3).

    Gradient descent with an L2 penalty λ takes (1 − ηλ)² off it at each step, but for terms of
    order η² that vanish with the gradient. Under gradient flow that is e^(−2λt), t = η·steps.
    This is the theorem's clock: what within-class variance needs of the layers goes with D.
    """
    return (1 - lr * decay) ** (2 * steps)
