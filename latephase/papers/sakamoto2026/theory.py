"""What the theorems of sakamoto2026 say about training, as functions.

The bounds that hold on any sample are metrics: Theorems 3.2 and 4.1 in
:mod:`latephase.metrics.contraction`, Theorem 3.4 in
:mod:`latephase.metrics.information.redundancy`.
"""


def balancedness_factor(lr: float, decay: float, steps: int) -> float:
    """The factor by which D = W₂ᵀW₂ − W₁W₁ᵀ of two consecutive linear layers shrinks (Theorem 4.3).

    At each step, gradient descent with an L2 penalty λ multiplies D by (1 − ηλ)², up to terms of
    order η² that vanish with the gradient. Under gradient flow the factor is e^(−2λt), t = η·steps.
    This is the clock of the theorem, whose bound of the within-class variance rests on D.
    """
    return (1 - lr * decay) ** (2 * steps)
