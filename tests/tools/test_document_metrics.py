"""docs/metrics.md says what the docstrings say, and they say what the tables hold."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Generator

from latephase.errors import UserError
from latephase.metrics.collapse.family import collapse_metrics, train_test_collapse_metrics
from latephase.metrics.curvature.family import curvature_metrics
from latephase.metrics.flatness.family import flatness_metrics
from latephase.metrics.information.family import information_metrics
from latephase.metrics.mutual_information.family import mutual_information_metrics
from latephase.metrics.nc0.family import nc0_metrics
from latephase.metrics.representativeness.family import representativeness_metrics
from latephase.parts.losses import cross_entropy
from latephase.parts.models.mlp import Model
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
    "latephase/metrics/gathered.py": (
        '"""Gathers what the others make."""\nfrom latephase.metrics.size import size_metrics\n\n'
        "def gathered_metrics(x):\n    return size_metrics(x)\n"
    ),
    "latephase/metrics/size.py": f'''"""Sizes, for which see :func:`~latephase.size_metrics`::

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
    "scripts/extract_gathered.py": "from latephase.metrics.gathered import gathered_metrics\n",
}

DOCUMENT = r"""
| column | family | formula | split | good |
| --- | --- | --- | --- | --- |
| [`size`](#size) | gathered | `\|x\|` | train | 0 |
| [`part_<i>_sum`<br>`part_<i>_max`](#part_i_sum-part_i_max) | gathered | `\|x_i\|^power` | train | none: a size |
| [`alone`](#alone) | – | `1` | train | 0 |

# Family `gathered`

Gathers what the others make.

## size.py

[latephase/metrics/size.py](../latephase/metrics/size.py)

Sizes, for which see `size_metrics`:

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

# In no table

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


def edit(project, old, new, name="latephase/metrics/size.py"):
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


SIZE = "latephase/metrics/size.py: size_metrics: "


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
        ("unit: 1\n", "unit: 1\n            unit: 2\n", SIZE + "size: tag unit stands twice"),
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


@pytest.fixture(scope="module")
def documented():
    return document_metrics.modules(ROOT)


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


def samples(size, seed):
    """Features [N, 4], logits [N, 3] of a head, labels [N], and the head."""
    generator = Generator().manual_seed(seed)
    weight, bias = torch.randn(3, 4, generator=generator), torch.randn(3, generator=generator)
    features = torch.randn(size, 4, generator=generator)
    return features, features @ weight.T + bias, torch.arange(size) % 3, weight, bias


def collapse():
    (features, _, labels, weight, bias), test = samples(30, 0), samples(20, 1)
    own = train_test_collapse_metrics((features, labels), (test[0], test[2]), weight, bias)
    return own | collapse_metrics(features, labels, weight, bias, ood_features=test[0])


def curvature():
    inputs, _, labels, *_ = samples(12, 0)
    model = Model([4], 3, [5, 4]).double()
    arguments = dict(model.named_parameters()), inputs.double(), labels
    return curvature_metrics(model, *arguments, cross_entropy.per_sample, Generator())


def flatness():
    features, logits, _, weight, _ = samples(20, 0)
    return flatness_metrics(features, logits, weight, "cross_entropy")


def information():
    features, _, labels, *_ = samples(100, 0)
    return information_metrics(features, features**2, labels, 3, Generator())


def nc0():
    return nc0_metrics(samples(2, 0)[3])


def representativeness():
    *train, weight, _ = samples(20, 0)
    test = samples(15, 1)[:3]
    return representativeness_metrics(train, test, weight, "cross_entropy", Generator())


def mutual_information():
    features, _, labels, *_ = samples(60, 0)
    return mutual_information_metrics(features, samples(60, 1)[0], labels)


FAMILIES = (
    collapse,
    curvature,
    flatness,
    information,
    mutual_information,
    nc0,
    representativeness,
)
"""What each extraction puts into its table, measured on a few samples."""


def test_every_extraction_is_among_these_families():
    programs = [
        path for path in ROOT.glob("scripts/extract_*.py") if "measuring(" in path.read_text()
    ]
    names = {path.stem.removeprefix("extract_") for path in programs} - {"own"}
    assert names == {family.__name__ for family in FAMILIES}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_the_columns_of_a_family_are_those_documented(family, documented):
    columns = {
        column: re.sub("<[a-z]+>", r"[\\w.]+", column.replace(".", r"\."))
        for module in documented
        for function in module.functions
        for entry in function.entries
        for column in entry.columns
        if family.__name__ in function.families
    }
    found = set()
    for key in family():
        matching = [column for column, name in columns.items() if re.fullmatch(name, key)]
        assert matching, f"{key} is measured, but not documented"
        found.add(max(matching, key=len))
    assert found == set(columns), "documented, but not measured"
