"""Relative flatness as the released code of han2025 logs it.

The code logs the bound κ̂ under three definitions and calls each of them "relative flatness". The
definition with raw features is `relative_flatness_bound`, in the family `flatness`. The other two
are here, under names of their own, so that values printed in the paper can be compared with values
of the same definition.
"""

EVERY_RUN = False
"""Whether it is measured on every run, or only if a study names it under ``metrics``."""
COLUMNS = (
    "relative_flatness_bound_unit_features",
    "relative_flatness_bound_of_product",
)
"""The columns of its data."""
