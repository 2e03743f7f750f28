"""Entries of the catalog that stand for several."""

import pytest

from latephase.catalog.numbered_entries import written_out
from latephase.errors import UserError

TWO = {
    "each": {"study": {"a": "A", "b": "B"}, "metric": {"nc0": "NC0", "nc1": "NC1", "nc2": "NC2"}},
    "title": "{metric} of {study}",
    "study": "{study}",
    "files": ["data", "{study}"],
    "arguments": {"both": {"metric": "{metric}", "fitted": 0.5}},
}


def test_all_combinations_in_turn():
    found = written_out({"one": {"title": "{as it is}"}, "fig{9..14}": TWO}, "figures.yaml")
    assert list(found) == ["one", "fig9", "fig10", "fig11", "fig12", "fig13", "fig14"]
    assert found["one"] == {"title": "{as it is}"}
    assert [found[f"fig{i}"]["title"] for i in (9, 10, 12)] == ["NC0 of A", "NC1 of A", "NC0 of B"]
    assert found["fig14"] == {
        "title": "NC2 of B",
        "study": "b",
        "files": ["data", "b"],
        "arguments": {"both": {"metric": "nc2", "fitted": 0.5}},
    }


WRONG = {
    "another number": ({"fig{1..5}": TWO}, r"5 numbers, but 6 .*; allowed: fig\{1\.\.6\}"),
    "backwards": ({"fig{6..1}": TWO}, r"-4 numbers, but 6"),
    "each alone": ({"fig1": TWO}, r"fig1: numbers in its name, as fig\{1\.\.4\}, and the key each"),
    "numbers alone": ({"fig{1..2}": {"title": "x"}}, r"and the key each must come together"),
    "taken": ({"fig3": {}, "fig{1..6}": TWO}, r"f\.yaml: fig3 is given twice; allowed: once"),
    "unknown": (
        {"fig{1..6}": TWO | {"arguments": {"both": {"metric": "{name}"}}}},
        r"arguments\.both\.metric has \{name\}; allowed: study, metric, the names in each",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_one_line(what):
    entries, said = WRONG[what]
    with pytest.raises(UserError, match=said) as error:
        written_out(entries, "f.yaml")
    assert len(str(error.value).splitlines()) == 1
