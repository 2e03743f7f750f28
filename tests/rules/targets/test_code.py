"""Digests of the code that a job runs."""

from rules.targets.code import Code

PROGRAM, GRID = "scripts/program.py", "latephase/runs/grid.py"


def repository(folder, rows="1", told="grid.rows()"):
    """A program that plans with latephase/runs/grid.py, in a folder of its own: files are read
    once.
    """
    for name, text in {
        PROGRAM: f"from latephase.runs import grid\n\nprint({told})\n",
        GRID: f"def rows():\n    return {rows}\n",
        "scripts/__init__.py": "",
        "latephase/__init__.py": "",
        "latephase/runs/__init__.py": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Code(folder)


def test_a_digest_is_of_the_program_and_of_what_it_imports(tmp_path):
    given = [{}, {}, {"rows": "2"}, {"told": "2"}]
    codes = [repository(tmp_path / str(i), **edit) for i, edit in enumerate(given)]
    plain, same, rows, told = (code.digest("scripts.program") for code in codes)
    assert plain == same
    assert len({plain, rows, told}) == 3


def test_rows_that_were_planned_are_digested_themselves(tmp_path):
    given = [{}, {"rows": "2"}, {"told": "2"}]
    codes = [repository(tmp_path / str(i), **edit) for i, edit in enumerate(given)]
    plain, rows, told = (code.planned_digest("scripts.program") for code in codes)
    assert plain == rows != told


def test_the_sources_are_these_files(tmp_path):
    files = [str(file) for file in repository(tmp_path).sources("scripts.program")]
    for name in (PROGRAM, GRID):
        assert any(file.endswith(name) for file in files)
