"""Which parts of a paper are here, at which scales, and why the others are not.

The parts are figures, tables, theorems and claims. This module also finds the claims that belong to
a figure. The reasons are in the catalog: under ``not_drawn`` in ``paper.yaml``, in the scales of a
study, and in the data that the user must bring.
"""

from collections.abc import Iterable
from typing import Any

from latephase.catalog import printed
from latephase.catalog.entries import SCALES, Catalog


def claims_of(catalog: Catalog, name: str, entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The claims of a figure or a table.

    These are the claims whose place in the paper names it, and those that its entry lists.
    """
    own = name.removeprefix(f"{entry['paper']}_")
    return [
        claim
        for claim in catalog.claims
        if claim["id"] in entry.get("claims", [])
        or (claim["paper"] == entry["paper"] and own in printed.named_in(claim["where"]))
    ]


def rows(catalog: Catalog, paper: str) -> list[dict[str, Any]]:
    """The parts of a paper, as rows with these keys.

    - ``what``: the parts. Parts that are here, or missing, for the same reasons share a row.
    - ``here``: for each scale, whether they are here.
    - ``why``: why they are not.
    - ``tested``: the file of their tests.

    Figures come first, then tables, theorems and claims.
    """
    shown_and_theorems = [*_shown_rows(catalog, paper), *_theorem_rows(catalog, paper)]
    return shown_and_theorems + _claim_rows(catalog, paper)


def _shown_rows(catalog: Catalog, paper: str) -> list[dict[str, Any]]:
    """The rows of figures and tables: the paper's by their numbers, and ours by name."""
    entries = {
        name.removeprefix(f"{paper}_"): (name, entry)
        for name, entry in (catalog.figures | catalog.tables).items()
        if entry["paper"] == paper
    }
    names = {name for given in not_drawn(catalog, paper) for name in given["names"]} | {*entries}
    groups: dict[tuple, list[str]] = {}
    for name in sorted(names, key=printed.natural):
        kind, _ = printed.number(name) or ("ours", "")
        why = {scale: _why_not(catalog, paper, name, entries.get(name), scale) for scale in SCALES}
        groups.setdefault((kind, *why.items()), []).append(name)
    ordered = sorted(groups.items(), key=lambda group: [*printed.KINDS, "ours"].index(group[0][0]))
    return [_row(_in_words(kind, some), dict(why)) for (kind, *why), some in ordered]


def _why_not(
    catalog: Catalog, paper: str, name: str, shown: tuple[str, dict] | None, scale: str
) -> str:
    """Why a figure or a table is not made at a scale; "" if it is made."""
    if shown:
        full, entry = shown
        if why := _lacking(catalog, catalog.studies_of(entry, scale), scale):
            return _given(catalog, paper, [name], scale) or why
        chosen = catalog.config["figures"]
        if full in catalog.figures and chosen != "all" and full not in chosen:
            return "The configuration does not name it among `figures`."
        return ""
    return _given(catalog, paper, [name], scale)


def _lacking(catalog: Catalog, studies: Iterable[str], scale: str) -> str:
    """What studies lack at a scale: the scale itself, or data that the user must bring."""
    for study in studies:
        if scale not in catalog.studies[study]["scales"]:
            return f"The study {study} has no scale {scale}."
        if sets := catalog.lacking(study, scale):
            return f"You bring what it needs, and name it in config.yaml: {', '.join(sets)}."
    return ""


def not_drawn(catalog: Catalog, paper: str) -> list[dict[str, Any]]:
    """The entries of ``not_drawn`` in ``paper.yaml``, each with the ``names`` that it is about."""
    given = catalog.about[paper].get("not_drawn", [])
    return [entry | {"names": printed.named_in(entry["what"])} for entry in given]


def _given(catalog: Catalog, paper: str, names: Iterable[str], scale: str) -> str:
    """The reason that ``paper.yaml`` gives for one of these names at a scale; "" if it gives
    none.
    """
    for entry in not_drawn(catalog, paper):
        if {*names} & {*entry["names"]} and entry.get("scale", scale) == scale:
            return entry["why"]
    return ""


def _theorem_rows(catalog: Catalog, paper: str) -> list[dict[str, Any]]:
    """The theorems, grouped by the file of their tests. They have no scale."""
    groups: dict[tuple[str, str], list[str]] = {}
    for entry in catalog.about[paper].get("theorems", []):
        groups.setdefault((entry.get("tested", ""), entry.get("why", "")), []).append(entry["what"])
    return [
        {
            "what": ", ".join(some),
            "here": dict.fromkeys(SCALES, bool(test)),
            "why": why,
            "tested": test,
        }
        for (test, why), some in groups.items()
    ]


def _claim_rows(catalog: Catalog, paper: str) -> list[dict[str, Any]]:
    """How many claims can be judged at each scale, and what the others lack."""
    groups: dict[tuple, list[str]] = {}
    for claim in (claim for claim in catalog.claims if claim["paper"] == paper):
        why = {}
        for scale in SCALES:
            lacking = _lacking(catalog, [claim["study"]], scale)
            given = _given(catalog, paper, printed.named_in(claim["where"]), scale)
            why[scale] = (given or lacking) if lacking else ""
        groups.setdefault(tuple(why.items()), []).append(claim["id"])
    return [
        _row(f"{len(ids)} claim{'s' * (len(ids) != 1)}", dict(why)) for why, ids in groups.items()
    ]


def _in_words(kind: str, names: list[str]) -> str:
    """The names in words: "Figures 1 to 3 and 5", or "Ours: …"."""
    if kind == "ours":
        return f"Ours: {', '.join(names)}"
    word = printed.KINDS[kind] + "s" * (len(names) > 1)
    return f"{word} {printed.ranges(printed.number(name)[1] for name in names)}"


def _row(what: str, why: dict[str, str]) -> dict[str, Any]:
    """A row. If the scales have different reasons, each reason names its scale."""
    reasons = {scale: reason for scale, reason in why.items() if reason}
    text = next(iter(reasons.values()), "")
    if len({*reasons.values()}) > 1:
        text = " ".join(f"At scale {scale}: {reason}" for scale, reason in reasons.items())
    here = {scale: not reason for scale, reason in why.items()}
    return {"what": what, "here": here, "why": text, "tested": ""}
