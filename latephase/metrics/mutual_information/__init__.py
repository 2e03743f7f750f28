"""Mutual information of compressed representations, by nearest neighbours: an expensive family.

For N test samples, Z and X are first reduced to encodings of four numbers each: Z by principal
components, X by an autoencoder (:mod:`latephase.metrics.mutual_information.encoders`). Then there
are two estimators (:mod:`latephase.metrics.mutual_information.nearest_neighbours`), which disagree
where one of them is at its limits:

- `mi_entropies_…` is the published one, a sum of weighted Kozachenko-Leonenko entropies. In the
  eight dimensions of (Z, X) its weights are near ±10. Its standard error has a column: 0.5 nats at
  N = 800, 0.15 nats at N = 10,000.
- `mi_ksg_…` counts neighbours. Its error is a tenth of that. It has a bias towards 0, which grows
  with the information.

As the classes contract, Z tends to K points. A deterministic network loses no information until
samples coincide, but estimators have a finite resolution. `mi_entropies_x` tends to −∞, by 9.2 nats
for each factor of 10 in the width of the classes. The reason is that h(Z) falls with this width,
whereas h(Z, X) no longer falls once the inputs are farther apart than this width. So what looks
like compression there is the logarithm of the variance within classes. `mi_ksg_x` tends to H(Y), up
to its bias and to what the encoding of the inputs reveals about the classes. Both estimates of I(Z;
Y) tend to H(Y) if four of the K − 1 directions of the means separate the classes. If samples
coincide, estimates from entropies are NaN (`mi_coincident` says how many coincide), and those from
counting still have a value. For a constant representation, all are 0.
"""

EVERY_RUN = False
"""Whether it is measured on every run, or only if a study names it under ``metrics``."""
INPUTS = ("inputs_encoding",)
"""What its extraction takes in addition to checkpoints and data."""
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
