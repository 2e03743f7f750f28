"""The gallery: every figure of a scale on one page, with its result and how it was made."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from latephase.drawing.claims_page import CLASSES, MARKS, words
from latephase.drawing.gallery_look import BODY, SCRIPT, STYLE
from latephase.drawing.names import listed
from latephase.drawing.page import filled
from latephase.drawing.page import page as whole_page
from latephase.papers.claim import NOT_REPRODUCED, REPRODUCED, SAYS_LITTLE

NO_VERDICT = "no verdict"


def page(
    title: str,
    papers: Sequence[dict[str, Any]],
    pages: Mapping[str, str],
    scale: str,
    scales: Sequence[str],
) -> str:
    """The page of some papers.

    Args:
        title: the title of the page.
        papers: each has ``key``, ``heading``, ``figures``, ``tables``, ``others`` (claims that
            belong to no figure or table) and ``coverage`` (:mod:`latephase.catalog.coverage`).
            ``scripts.gallery`` makes the figures. Their ``claims`` come from :func:`verdict`.
        pages: links by name.
        scale: the scale that the page shows.
        scales: all scales.
    """
    shown = [paper for paper in papers if paper["figures"] or paper["tables"] or paper["others"]]
    figures = [figure for paper in shown for figure in paper["figures"]]
    given = {claim["claim"]: claim for paper in shown for claim in _claims(paper)}
    metrics = sorted({metric for figure in figures for metric in figure["metrics"]}, key=_by_name)
    for figure in figures:
        said = dict.fromkeys(claim["verdict"] for claim in figure["claims"])
        figure["verdicts"] = list(said) or [NO_VERDICT]
        figure["found"] = found(figure["claims"], figure["finding"])
    for paper in shown:
        paper["told"] = _in_words(paper)
    said = {verdict for figure in figures for verdict in figure["verdicts"]}
    body = filled(
        BODY,
        lead=(
            f"{_count(len(figures), 'figure')} and {_count(len(given), 'verdict')}, drawn and "
            f"judged from the runs of this folder at scale {scale}. A picture opens in full when "
            "you click it. Commands are for the top folder of the repository."
        ),
        tally=[
            (CLASSES[verdict], MARKS[verdict], _counted(verdict, count))
            for verdict, count in _tally(given.values())
        ],
        papers=shown,
        covered=[paper for paper in papers if paper["coverage"]],
        pages=list(pages.items()),
        metrics=metrics,
        chosen=[verdict for verdict in [*MARKS, NO_VERDICT] if verdict in said],
        scale=scale,
        scales=scales,
    )
    return whole_page(title, body, STYLE, SCRIPT, more="img-src data:")


def verdict(row: Mapping[str, Any], unit: str) -> dict[str, Any]:
    """A claim as the page shows it: the columns of ``claims.csv``, and the same in words."""
    claim_words = words(row)
    return {**row, **claim_words, "unit": unit, "predicted": f"{claim_words['predicted']} {unit}"}


def found(claims: Sequence[Mapping[str, Any]], finding: str) -> str:
    """One sentence on the result of a figure.

    It states the outcome of the figure's claims, and what its numbers show.
    """
    known = [clause for clause in (_outcome(claims), finding) if clause]
    sentence = "; ".join(known)
    return f"{sentence[0].upper()}{sentence[1:]}." if known else ""


def _outcome(claims: Sequence[Mapping[str, Any]]) -> str:
    """The outcome of a figure's claims, in a clause."""
    counts = _tally(claims)
    if not claims:
        return ""
    if len(claims) == 1:
        return f"its claim {_came_out(counts[0][0], 1)}"
    if len(counts) == 1:
        if counts[0][0] == NOT_REPRODUCED:
            none = "neither claim" if len(claims) == 2 else f"none of {len(claims)} claims"
            return f"{none} is reproduced"
        every = "both" if len(claims) == 2 else f"all {len(claims)}"
        return f"{every} claims {_came_out(counts[0][0], len(claims))}"
    parts = [f"{count} {_came_out(verdict, count)}" for verdict, count in counts]
    return f"of {len(claims)} claims, {listed(parts)}"


def _came_out(verdict: str, count: int) -> str:
    if verdict == SAYS_LITTLE:
        return "says little" if count == 1 else "say little"
    word = verdict if verdict in (REPRODUCED, NOT_REPRODUCED) else "inconclusive"
    return f"{'is' if count == 1 else 'are'} {word}"


def _counted(verdict: str, count: int) -> str:
    return f"{count} {'say little' if verdict == SAYS_LITTLE and count > 1 else verdict}"


def _tally(claims: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """How many claims have each verdict, in the order of the verdicts.

    Verdicts that no claim has are left out.
    """
    counts = Counter(claim["verdict"] for claim in claims)
    return [(verdict, counts[verdict]) for verdict in MARKS if counts[verdict]]


def _claims(paper: Mapping[str, Any]) -> list[dict[str, Any]]:
    shown = [*paper["figures"], *paper["tables"]]
    return [*(claim for entry in shown for claim in entry["claims"]), *paper["others"]]


def _in_words(paper: Mapping[str, Any]) -> str:
    """How many figures and tables a paper has here, and the outcome of its claims."""
    counts = [_count(len(paper["figures"]), "figure"), _count(len(paper["tables"]), "table")]
    there = " and ".join(text for text in counts if not text.startswith("0 "))
    claims = {claim["claim"]: claim for claim in _claims(paper)}
    tally = ", ".join(_counted(*counted) for counted in _tally(claims.values()))
    return f"{there}. {_count(len(claims), 'claim')}: {tally}." if claims else f"{there}."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _by_name(name: str) -> tuple[bool, str]:
    """A sort key that puts the papers' NC0 to NC4 first, and then other names alphabetically."""
    return not name.startswith("NC"), name.lower()
