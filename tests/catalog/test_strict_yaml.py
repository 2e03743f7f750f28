"""YAML that cannot be read, and a line for it."""

import pytest

from latephase.catalog.strict_yaml import read_yaml
from latephase.errors import UserError
from tests.catalog.editing import CLAIMS, DATASETS, FIGURES, PAPER, STUDY, line

BAD_TEXTS = [
    ("scales: {quick: [", f"{STUDY}: cannot be read at line 2 ("),
    ("title: x\ntitle: y\n", f"{STUDY}: cannot be read at line 2 (key 'title' is given twice)"),
    ("title: {1: x}\n", f"{STUDY}: cannot be read at line 1 (key 1 is not text)"),
    ("", f"{STUDY}: its content is None; allowed: object"),
    ("\udcff", f"{STUDY}: cannot be read at byte 0 (not UTF-8)"),
]


@pytest.mark.parametrize(("text", "start"), BAD_TEXTS)
def test_what_is_not_yaml_is_one_line(root, config, text, start):
    (root / STUDY).write_bytes(text.encode(errors="surrogateescape"))
    assert line(root, config).startswith(start)


@pytest.mark.parametrize("file", [STUDY, FIGURES, CLAIMS, DATASETS, PAPER])
@pytest.mark.parametrize("tag", ["object/apply:os.mkdir [made]", "name:os.mkdir", "module:os"])
def test_python_in_yaml_is_one_line_and_is_not_run(root, config, tmp_path, monkeypatch, file, tag):
    monkeypatch.chdir(tmp_path)
    (root / file).write_text(f"title: !!python/{tag}\n")
    kind = tag.partition(" ")[0]
    assert line(root, config).startswith(
        f"{file}: cannot be read at line 1 (could not determine a constructor for the tag "
        f"'tag:yaml.org,2002:python/{kind}')"
    )
    assert not (tmp_path / "made").exists()


TENFOLD = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
BOMBS = [
    ("\n".join(["a0: &a0 x", *TENFOLD]), " at line 1 (more than 100000 values"),
    ("a: &a [*a]", " at line 1 (more than 100000 values"),
    ("a: &a {b: *a}", " at line 1 (more than 100000 values"),
    ("[" * 101, " at line 1 (nested too deeply)"),
    ("[" * 200_000, " at line 1 (nested too deeply)"),
]


@pytest.mark.parametrize(("text", "told"), BOMBS)
def test_yaml_without_end_is_one_line(root, config, text, told):
    (root / STUDY).write_text(text)
    assert line(root, config).startswith(f"{STUDY}: cannot be read{told}")


def test_a_date_without_quotes_is_explained(root, config):
    text = (root / STUDY).read_text()
    (root / STUDY).write_text(text.replace('"2026-11-22"', "2026-11-22"))
    assert 'added is 2026-11-22; allowed: string (YAML reads 2026-11-22 as a date: write "' in line(
        root, config
    )


def test_a_missing_file_is_one_line(root, config):
    (root / DATASETS).unlink()
    assert line(root, config).startswith(f"{DATASETS}: cannot be read (No such file")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("2026-13-45", "timestamp"),
        ("2026-12-01T99:00:00", "timestamp"),
        ("!!timestamp x", "timestamp"),
        ("!!int abc", "int"),
        ("!!int ''", "int"),
        ("!!float x", "float"),
        ("!!bool x", "bool"),
        (f"{'9' * 5000}", "int"),
    ],
)
def test_a_value_that_is_not_what_it_is_tagged_is_one_line(tmp_path, value, kind):
    (tmp_path / "x.yaml").write_text(f"title: x\nvalues: [{value}]\n")
    with pytest.raises(UserError) as caught:
        read_yaml(tmp_path / "x.yaml", "x.yaml")
    text = value.split(" ")[-1].strip("'")[:40]
    told = f"'{text}' is not of the kind {kind}"
    assert str(caught.value) == f"x.yaml: cannot be read at line 2 ({told}); allowed: YAML"
