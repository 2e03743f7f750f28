"""Any value at any place of the catalog and the configuration: it is taken, or refused in a line.

Each place that a file has is given each of these values, as YAML text, and is left out once. No
combination may end in a traceback, in a count without end, or in a catalog that cannot be planned.
"""

import shutil
import signal

import pytest
import yaml

from latephase.catalog import load
from latephase.errors import UserError
from latephase.runs import spec
from tests.catalog.editing import ROOT, dump_yaml, load_yaml
from tests.one_study import STUDY, keep_one_study

VALUES = (
    *("null", "true", "-1", "0", "1", "3.7", "-0.0", ".nan", ".inf", "-.inf", "1e-320", "1e300"),
    *("1e400", "9" * 40, "9" * 5000, "0x1F", "1_000", "!!int abc", "!!float x", "!!timestamp x"),
    *("2026-13-45", "2026-12-01T99:00:00", "!!python/name:os.system", "!!binary abc", "!!set {a}"),
    *(
        '""',
        "text",
        "'0.5'",
        '"a\\nb"',
        '"\\u0000"',
        '"\\u202e"',
        "é",
        "$(touch x)",
        "../../x",
        "-x",
    ),
    *(
        "[]",
        "[1]",
        "[[1]]",
        "[1, text]",
        "[null]",
        "{}",
        "{a: 1}",
        "{name: x}",
        "{1: 2}",
        "{a: {}}",
    ),
    *("&a [*a]", "[1, 1]", "[.nan]", "[9999999999999999999999]", "x" * 3000, "? [a]", "*nothing"),
)
HERE = "@@@"
SECONDS = 20
"""A count that would not end is broken off."""


def places(node, path=()):
    """Every place in nested dicts and lists but the root."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def put(content, path, value):
    """The content with a value at a place; ``...`` leaves the place out."""
    if not path:
        return value
    key, *rest = path
    copied = dict(content) if isinstance(content, dict) else list(content)
    if value is ... and not rest:
        del copied[key]
    else:
        copied[key] = put(content[key], rest, value)
    return copied


def texts(content, path):
    """The file's text with each of the values at a place, and without the place."""
    yield dump_yaml(put(content, path, ...))
    whole = dump_yaml(put(content, path, HERE))
    for value in VALUES:
        yield whole.replace(f"'{HERE}'", value)


def file(name):
    return load_yaml((ROOT / name).read_text())


CONFIG = file("config.yaml")
QUICK = ("scales", "quick")
STUDY_PLACES = [path for path in places(file(STUDY)) if path[:2] != ("scales", "paper")]
FILES = {
    STUDY: STUDY_PLACES,
    "catalog/sakamoto2026/figures.yaml": [
        *places(
            {"sakamoto2026_fig2": file("catalog/sakamoto2026/figures.yaml")["sakamoto2026_fig2"]}
        )
    ],
    "catalog/atlas/figures.yaml": [*places(file("catalog/atlas/figures.yaml"))],
    "catalog/sakamoto2026/claims.yaml": [
        path for path in places(file("catalog/sakamoto2026/claims.yaml")) if path[1:2] in ((), (0,))
    ],
    "catalog/sakamoto2026/paper.yaml": [*places(file("catalog/sakamoto2026/paper.yaml"))],
    "catalog/datasets.yaml": [
        path for path in places(file("catalog/datasets.yaml")) if path[0] in ("digits", "cifar10")
    ],
}
CASES = [(name, path) for name, paths in FILES.items() for path in paths]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The catalog cut to one study, at scale quick."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(ROOT / "catalog", root / "catalog")
    keep_one_study(root)
    study = yaml.safe_load((root / STUDY).read_text())
    del study["scales"]["paper"]
    (root / STUDY).write_text(dump_yaml(study))
    return root


@pytest.fixture(autouse=True)
def limit():
    """No longer than this: pytest would wait for ever."""

    def stop(number, frame):
        raise TimeoutError("planning does not end")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS * len(VALUES))
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def taken_or_told(root, config, text):
    """Load the catalog, and plan it; what is wrong must be one line."""
    signal.alarm(SECONDS)
    try:
        catalog = load.load(root, config)
    except UserError as error:
        told = str(error)
        assert told.isprintable(), (text[-300:], told)
        assert len(told) < 700, (text[-300:], told)
        assert told.startswith(("catalog/", "config", "scripts/", "latephase/")), told
    else:
        for pack in catalog.packs.values():
            spec.canonical(pack)


@pytest.mark.parametrize(("name", "path"), CASES, ids=[f"{n}:{p}" for n, p in CASES])
def test_any_value_in_the_catalog(root, name, path):
    place = root / name
    whole = place.read_text()
    try:
        for text in texts(load_yaml(whole), path):
            place.write_text(text)
            taken_or_told(root, CONFIG, text)
    finally:
        place.write_text(whole)


@pytest.mark.parametrize("path", [*places(CONFIG)], ids=str)
def test_any_value_in_the_configuration(root, path):
    """As Snakemake reads it: what YAML itself refuses does not come so far."""
    for text in texts(CONFIG, path):
        try:
            config = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError):
            continue
        taken_or_told(root, config, text)


def test_how_many_there_are():
    assert (len(CASES) + len([*places(CONFIG)])) * (len(VALUES) + 1) > 3000
