"""docs/metrics.md says what the docstrings say. That they are right: tests/metrics."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from latephase.errors import UserError
from scripts.tools import document_metrics

ROOT = Path(__file__).parents[2]

TAGS = """\
            split: train
            bias: not used
            unit: 1
            range: [0, ∞)
            good: 0
            source: nobody2026, eq. 1
            elsewhere: –
"""
FILES = {
    "latephase/__init__.py": "",
    "latephase/metrics/__init__.py": '"""Metrics of a checkpoint."""\n',
    "latephase/metrics/gathered/__init__.py": (
        '"""What a family is about."""\n\nEVERY_RUN = True\nCOLUMNS = ("size",)\n'
    ),
    "latephase/metrics/gathered/family.py": (
        '"""Gathers what the others make."""\n'
        "from latephase.metrics.gathered.size import size_metrics\n\n"
        "def gathered_metrics(x):\n    return size_metrics(x)\n"
    ),
    "latephase/metrics/gathered/size.py": f'''"""Sizes, see :func:`~latephase.size_metrics`::

    |x| = max(x, -x)

- first a_b and ``c``,
  then <d>*e*
- second
"""


def size_metrics(x, *, power=1):
    """The size of x [N, d].

    Args:
        x: a *list* of
            numbers.
        power: 1 or 2.

    More of `it`.

    Returns:
        size: |x|
            A size_, NaN
            if x is.

            Second paragraph.
{TAGS}
        part_<i>_sum, part_<i>_max: |x_i|^`power`
            split: train
            bias: the head's is
                left out
            unit: 1
            range: [0, ∞)
            good: none: a size
            source: –
            elsewhere: |x| in :mod:`other`

    All are NaN.
    """


def _hidden():
    """Returns:
    nothing
    """


def plain():
    """Returns: a number."""
''',
    "latephase/metrics/alone.py": f'''def alone_metrics():
    """By hand only.

    Returns:
        alone: 1
{TAGS}    """
''',
    "scripts/__init__.py": "",
    "scripts/extract/__init__.py": "",
    "scripts/extract/gathered.py": (
        "from latephase.metrics.gathered.family import gathered_metrics\n\ngathered_metrics(1)\n"
    ),
    # Of no family: a program of its own.
    "scripts/extract/alone.py": (
        "from latephase.metrics.alone import alone_metrics\n\nalone_metrics()\n"
    ),
}

DOCUMENT = r"""
| column | family | formula | split | good |
| --- | --- | --- | --- | --- |
| [`size`](#size) | gathered | `\|x\|` | train | 0 |
| [`part_<i>_sum`<br>`part_<i>_max`](#part_i_sum-part_i_max) | gathered | `\|x_i\|^power` | train | none: a size |
| [`alone`](#alone) | – | `1` | train | 0 |

# Family `gathered`

What a family is about.

## gathered/size.py

[latephase/metrics/gathered/size.py](../latephase/metrics/gathered/size.py)

Sizes, see `size_metrics`:

```
|x| = max(x, -x)
```

- first a_b and `c`, then \<d>\*e\*
- second

**`size_metrics(x, power)`**

The size of x [N, d].

- `x`: a \*list\* of numbers.
- `power`: 1 or 2.

More of `it`.

### `size`

```
|x|
```

A size\_, NaN if x is.

Second paragraph.

| split | bias | unit | range | good |
| --- | --- | --- | --- | --- |
| train | not used | 1 | [0, ∞) | 0 |

- source: nobody2026, eq. 1

### `part_<i>_sum`, `part_<i>_max`

```
|x_i|^power
```

| split | bias | unit | range | good |
| --- | --- | --- | --- | --- |
| train | the head's is left out | 1 | [0, ∞) | none: a size |

- elsewhere: |x| in `other`

# In no family

## alone.py

[latephase/metrics/alone.py](../latephase/metrics/alone.py)

**`alone_metrics()`**

By hand only.

### `alone`

```
1
```

| split | bias | unit | range | good |
| --- | --- | --- | --- | --- |
| train | not used | 1 | [0, ∞) | 0 |

- source: nobody2026, eq. 1
"""  # noqa: E501


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def edit(project, old, new, name="latephase/metrics/gathered/size.py"):
    path = project / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def run(project, *arguments):
    document_metrics.main(["--root", str(project), *arguments])


def test_the_whole_text(project):
    text = document_metrics.document(project)
    assert text.startswith("# Metrics\n")
    assert "\n\nMetrics of a checkpoint.\n\n" in text
    assert text[text.index("\n| column") :] == DOCUMENT


def test_it_is_the_same_every_time(project):
    run(project)
    path = project / "docs/metrics.md"
    before = path.read_bytes()
    run(project, "--check")
    run(project)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["metrics.md"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("good: 0", "good: small"),
        ("size: |x|", "size: |x|²"),
        ("eq. 1", "eq. 2"),
        ("A size_", "The size"),
        ("Sizes,", "All sizes,"),
        ("power=1", "power=1, root=1"),
        ("        size: ", "        extent: "),
    ],
)
def test_drift_is_caught(project, old, new):
    run(project)
    edit(project, old, new)
    with pytest.raises(
        UserError, match=r"docs/metrics.md: .*python -m scripts.tools.document_metrics"
    ):
        run(project, "--check")
    run(project)
    run(project, "--check")


def test_a_document_that_is_not_there_is_out_of_date(project):
    with pytest.raises(UserError, match=r"docs/metrics.md: "):
        run(project, "--check")
    assert not (project / "docs").exists()


def test_the_command_says_it_in_one_line_and_needs_no_torch(project):
    program = (
        "import runpy, sys; sys.modules['torch'] = None; "
        "runpy.run_module('scripts.tools.document_metrics', run_name='__main__')"
    )
    command = [sys.executable, "-c", program, "--root", str(project)]
    assert subprocess.run(command, cwd=ROOT).returncode == 0
    edit(project, "good: 0", "good: 1")
    result = subprocess.run([*command, "--check"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith("error: docs/metrics.md: ")
    assert result.stderr.count("\n") == 1


SIZE = "latephase/metrics/gathered/size.py: size_metrics: "


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("            unit: 1\n", "", SIZE + "size: tag unit is missing; needed: split, bias, "),
        ("            elsewhere: –\n", "", SIZE + "size: tag elsewhere is missing; "),
        (
            "bias: not used",
            "byas: not used",
            SIZE + "size: tag 'byas' is unknown; allowed: split, ",
        ),
        ("unit: 1\n", "unit:\n", SIZE + "size: tag unit is empty; "),
        ("unit: 1\n", "unit: 1\n            unit: 2\n", SIZE + "size: tag unit is given twice"),
        (
            "split: train\n            bias: not used\n",
            "bias: not used\n            split: train\n",
            SIZE + "size: tags are bias, split, unit, ",
        ),
        ("range: [0, ∞)\n", "range: [0, ∞)\n            stray\n", SIZE + "size: tag 'stray' is "),
        (
            "            bias: the head's is\n",
            "",
            SIZE + "part_<i>_sum, part_<i>_max: tag bias is ",
        ),
        ("size: |x|\n", "size |x|\n", SIZE + "Returns has 'size |x|'; allowed: `column: formula`"),
        ("size: |x|\n", "Size: |x|\n", SIZE + "Returns has 'Size: |x|'; allowed: "),
        ("        size: |x|\n", "", SIZE + "Returns has 'A size_, NaN' before the first column"),
        ("part_<i>_max: ", "size: ", SIZE + "size is documented already in " + SIZE[:-2]),
        (
            "        size: |x|\n",
            "        alone: |x|\n",
            SIZE + "alone is documented already in latephase/metrics/alone.py: alone_metrics",
        ),
    ],
)
def test_mistakes_are_one_line_with_file_function_column_and_tag(project, old, new, message):
    edit(project, old, new)
    with pytest.raises(UserError) as error:
        run(project)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
    assert not (project / "docs").exists()


def test_a_section_without_a_column(project):
    text = 'def f():\n    """F.\n\n    Returns:\n\n    And so on.\n    """\n'
    (project / "latephase/metrics/alone.py").write_text(text)
    with pytest.raises(UserError, match=r"alone.py: f: Returns has no column"):
        run(project)


# What follows is about the project itself.


@pytest.fixture(scope="module")
def text():
    return document_metrics.document(ROOT)


def test_the_document_is_up_to_date():
    document_metrics.main(["--check"])


def test_every_link_of_it_leads_to_one_heading(text):
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert len(set(anchors)) == len(anchors)
    links = re.findall(r"\]\(#([^)]*)\)", text)
    assert links and set(links) <= set(anchors)
    for target in re.findall(r"\]\(([^#)][^)]*)\)", text):
        assert (ROOT / "docs" / target).exists(), target


def test_every_row_of_a_table_has_its_five_cells(text):
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}
