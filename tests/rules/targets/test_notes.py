"""What was run, in one line."""

from types import SimpleNamespace

from rules.targets.notes import Notes


def test_a_note_is_asked_of_the_catalog_once():
    asked = []

    def note(studies, scale):
        asked.append((studies, scale))
        return "what was run"

    notes = Notes(SimpleNamespace(note=note))
    assert [notes.of("quick", "a", "b") for _ in range(2)] == ["what was run"] * 2
    assert asked == [(("a", "b"), "quick")]
