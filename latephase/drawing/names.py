"""The names of optimizers, metrics and axes in figures and tables.

Anything that is not listed here, such as an optimizer of your own, keeps its name from the code.
"""

from collections.abc import Iterable

from latephase.runs.columns import COUPLED_DECAY, DECAY, LR, MOMENTUM, OPTIMIZER

OPTIMIZERS = {
    "sgd": "SGD",
    "sgdw": "SGDW",
    "adam": "Adam",
    "adamw": "AdamW",
    "signum": "Signum",
    "signumw": "SignumW",
    "adam_mixture": "Adam, mixed decay",
    "lion": "Lion",
    "muon": "Muon",
    "shampoo": "Shampoo",
}

METRICS = {
    "nc0": r"NC0 = $\Vert W^\top 1 \Vert_2$",
    "nc0_normalized": r"NC0 / $\Vert W \Vert_F$",
    "nc1_pinv": r"NC1 = Tr($\Sigma_W \Sigma_B^+$) / K",
    "nc2_etf": "NC2, means to a simplex",
    "nc3_duality": r"NC3, $\Vert W/\Vert W\Vert - M/\Vert M\Vert\,\Vert_F$",
    "nc4_agreement_test_without_bias": "NC4, agreement on the test set",
    "weight_singular_value_min": "smallest singular value of W",
    "weight_singular_value_mean_others": "mean of the other ones",
    "nc2_equinorm": "NC2, spread of the means' norms",
    "nc2_equiangle": "NC2, spread of the means' angles",
    "nc2_etf_weight": "NC2 of the classifier",
    "nc1_trace_ratio": r"NC1, Tr $\Sigma_W$ / Tr $\Sigma_B$",
    "rnc1": r"RNC1, Tr $\Sigma_W$ / (mean norm)$^2$",
    "nc2_condition": "NC2, condition number of the means",
    "nhsic_difference": "nHSIC(Z;X) − nHSIC(Z;Y)",
    "mi_entropies_difference": r"$\hat I$(Z;X) − $\hat I$(Z;Y), nats",
    "error_test": "test error",
    "error_bound_test": "bound of the test error, from all of the variance",
    "error_bound_directional_test": "bound across the boundary, from the variance there",
    "redundancy_trace_bound_relative_variance_0.1": "trace bound of I(Z;X|Y), nats",
    "redundancy_logdet_bound_relative_variance_0.1": "determinant bound of I(Z;X|Y), nats",
    "kt_lower_x_given_y_relative_variance_0.1": "I(Z;X|Y) from below, nats",
    "cdnv": "NCC, variance within classes over distance",
    "means_angle_mean": "angle between class means, degrees, mean",
    "relative_flatness": r"relative flatness, $\kappa_{Tr}$",
    "relative_flatness_std": r"relative flatness, $\kappa_{Tr}$ of standardised features",
    "relative_flatness_bound": r"bound of relative flatness, $\Vert W \Vert_F^2$ Tr H",
    "relative_flatness_bound_unit_features": "bound, features of norm 1 and softmax(z/2)",
    "relative_flatness_bound_of_product": "bound of relative flatness, as the released code has it",
    "weight_norm_last_layer": r"$\Vert W \Vert_F$ of the last layer",
    "representation_norm": "norm of the features",
    "representativeness_released": "representativeness, as in released code",
    "spectral_entropy": "spectral entropy of the features, nats",
    "loss_test": "test loss",
    "loss_train": "training loss",
    "accuracy_train": "training accuracy",
    "accuracy_test": "test accuracy",
}

PLAIN = {
    r"$\Vert W \Vert_F$": "‖W‖",
    r"$\hat I$": "Î",
    r"$\hat\kappa$": "κ̂",
    r"$\kappa_{Tr}$": "κ_Tr",
    r"$\Sigma_B^+$": "Σ_B⁺",
}
"""The TeX in short names, and its replacement in plain letters."""

AXES = {
    OPTIMIZER: "optimizer",
    MOMENTUM: "momentum",
    DECAY: "weight decay",
    COUPLED_DECAY: "coupled decay",
    LR: "learning rate",
    "steps": "steps",
    "data.train_size": "training samples",
    "data.name": "data",
    "model.init_scale": "initial scale",
    "regularizer.strength": "strength of the regulariser",
    "max_head_norm": "bound of the head's norm",
}


def metric(column: str) -> str:
    """The name of a metric. If the name alone says little, its meaning follows after a comma."""
    return METRICS.get(column, column)


def short_metric(column: str) -> str:
    """The name of a metric without the part after the comma, for places with little room."""
    return metric(column).partition(",")[0]


def plain_metric(column: str) -> str:
    """The name of a metric in plain letters, for text without TeX."""
    name, _, _ = short_metric(column).partition(" = ")
    return plain(name)


def plain(name: str) -> str:
    """A name with plain letters in the place of TeX."""
    for tex, letters in PLAIN.items():
        name = name.replace(tex, letters)
    return name


def listed(parts: Iterable[str]) -> str:
    """One or more words or clauses in a row, with "and" before the last: A, B and C."""
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def short(number: float) -> str:
    """A number in few characters: 0.98, 2.5e-5."""
    return f"{number:g}".replace("e-0", "e-")


def value(number: object) -> str:
    """The name of a value on an axis: an optimizer's name, or a number in few characters."""
    return OPTIMIZERS.get(number, number) if isinstance(number, str) else short(number)


def titled(axis: str, number: object) -> str:
    """A value with the name of its axis: ``momentum 0.9``, ``30,000 steps``, ``SGDW``."""
    if axis == "steps":
        return f"{number:,} steps"
    return value(number) if isinstance(number, str) else f"{AXES.get(axis, axis)} {value(number)}"


def ordered(values: Iterable) -> list:
    """Each value once: optimizers in the order of this module, then the other values, sorted."""
    present = set(values)
    return [name for name in OPTIMIZERS if name in present] + sorted(present - set(OPTIMIZERS))
