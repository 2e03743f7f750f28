"""Mutual information of compressed representations, by nearest neighbours: an expensive family.

For N test samples with codes of four numbers each: Z by principal components, X by an autoencoder
(:mod:`latephase.metrics.mutual_information.encoders`), two estimators
(:mod:`latephase.metrics.mutual_information.nearest_neighbours`) that disagree where either is at
its limits. `mi_entropies_…` is the published one, sums of weighted Kozachenko-Leonenko entropies;
in the eight dimensions of (Z, X) its weights are near ±10, and its standard error stands beside it:
0.5 nats at N = 800, 0.15 at 10,000. `mi_ksg_…` counts neighbours: a tenth of the error, a bias
towards 0 that grows with the information.

As the classes contract, Z tends to K points. A deterministic network loses no information until
samples coincide, but estimators have a finite resolution. `mi_entropies_x` tends to −∞, by 9.2 nats
for each factor of 10 in the width of the classes: h(Z) falls with the width, h(Z, X) no longer does
once the inputs are farther apart than that. What looks like compression there is the logarithm of
the variance within classes. `mi_ksg_x` tends to H(Y), up to its bias and to what the inputs'
encoding tells of the classes. Both estimates of I(Z; Y) tend to H(Y) if four of the K − 1
directions of the means tell the classes apart. Where samples coincide, estimates from entropies are
NaN (`mi_coincident` says how many do); those by counting hold. A constant representation has 0 in
all.
"""

EVERY_RUN = False
"""Whether it is measured on every run, or where a study names it under ``metrics``."""
INPUTS = ("inputs_encoding",)
"""What its extraction takes beside checkpoints and data."""
COLUMNS = (
    "mi_entropies_x",
    "mi_entropies_x_standard_error",
    "mi_entropies_y",
    "mi_entropies_y_standard_error",
    "mi_entropies_difference",
    "mi_ksg_x",
    "mi_ksg_x_standard_error",
    "mi_ksg_y",
    "mi_ksg_y_standard_error",
    "mi_ksg_difference",
    "mi_components",
    "mi_coincident",
)
"""The columns of its data."""
