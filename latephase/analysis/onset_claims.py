"""What the papers say of the onset with which a measure changes, and whether the runs agree.

han2025 says that NCC falls at memorisation and relative flatness at generalisation (Fig. 1).
sakamoto2026 says that RNC1 and redundant information fall at generalisation (Figs. 3 and 4). So on
collapse the two papers contradict each other, but with two definitions of it.
"""

from collections.abc import Mapping

SAID = {
    "cdnv": ("han2025", "memorisation"),
    "relative_flatness": ("han2025", "generalisation"),
    "relative_flatness_bound": ("han2025", "generalisation"),
    "rnc1": ("sakamoto2026", "generalisation"),
    "nhsic_difference": ("sakamoto2026", "generalisation"),
    "mi_entropies_difference": ("sakamoto2026", "generalisation"),
}
"""Measures, and the paper and the onset."""
DEFINITIONS = {
    "cdnv": "rnc1",
    "rnc1": "cdnv",
    "relative_flatness": "relative_flatness_bound",
    "relative_flatness_bound": "relative_flatness",
}
"""Two definitions each of collapse and of relative flatness."""
PLACED = ("before both", "memorisation", "generalisation", "after both")
"""Verdicts of :func:`latephase.analysis.lead_lag.verdict` that say when a measure changes."""


def said(measure: str) -> str:
    """What a paper says of a measure, such as "han2025: memorisation", or ""."""
    return ": ".join(SAID.get(measure, ()))


def agreement(measure: str, found: Mapping[str, str]) -> str:
    """In which studies the measure goes with the onset that the paper names.

    ``found`` has the verdict of each study. Studies where the verdict does not say when the measure
    changes are undecided.
    """
    if measure not in SAID:
        return ""
    _, onset = SAID[measure]
    return _grouped("as said", "not as said", {s: (v, onset) for s, v in found.items()})


def definition(measure: str, found: Mapping[str, Mapping[str, str]]) -> str:
    """In which studies the other definition of the same thing gives the same verdict.

    ``found`` has the verdicts of each measure. If the two verdicts differ, the definition decides
    what one finds.
    """
    other = DEFINITIONS.get(measure)
    if other not in found:
        return ""
    both = {s: (v, found[other][s]) for s, v in found[measure].items() if s in found[other]}
    return _grouped("the same", "another", both)


def _grouped(alike: str, different: str, pairs: Mapping[str, tuple[str, str]]) -> str:
    """Studies by whether their two verdicts are the same, in words."""
    groups: dict[str, list[str]] = {alike: [], different: [], "undecided": []}
    for study, verdicts in pairs.items():
        if not set(verdicts) <= set(PLACED):
            groups["undecided"].append(study)
        else:
            groups[alike if verdicts[0] == verdicts[1] else different].append(study)
    told = [f"{word}: {', '.join(studies)}" for word, studies in groups.items() if studies]
    return "; ".join(told)
