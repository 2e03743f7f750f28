"""Any value at any place of the catalog and the configuration: it is taken, or refused in a line.

Each place that a file has is left out once, and is given some of the values below, as YAML text;
with ``LATEPHASE_SLOW=1`` all of them, which takes half an hour. None may end in a traceback, in a
count without end, or in a catalog that cannot be planned.
"""

import os
import shutil
import signal
import zlib
from collections import Counter

import pytest
import yaml

from latephase.catalog import load
from latephase.errors import UserError
from latephase.runs import spec
from tests.catalog.editing import (
    ATLAS,
    CLAIMS,
    DATASETS,
    FIGURES,
    PAPER,
    QUICK,
    ROOT,
    STUDY,
    dump_yaml,
    load_yaml,
)
from tests.one_study import keep_one_study

VALUES = {
    "plain": ("null", "true", "-1", "0", "1", "3.7", "0x1F", "1_000", "-x", "text", "é", "'0.5'"),
    "beyond sense": (
        *("-0.0", ".nan", ".inf", "-.inf", "1e-320", "1e300", "1e400", "9" * 40, "9" * 5000),
        *("x" * 3000, "../../x", "$(touch x)", '"a\\nb"', '"\\u0000"', '"\\u202e"', '""'),
    ),
    "of a type that cannot be read": (
        *("!!int abc", "!!float x", "!!timestamp x", "2026-13-45", "2026-12-01T99:00:00"),
        *("!!python/name:os.system", "!!binary abc", "!!set {a}", "? [a]", "*nothing", "&a [*a]"),
    ),
    "lists": ("[]", "[1]", "[[1]]", "[1, 1]", "[1, text]", "[null]", "[.nan]", f"[{'9' * 22}]"),
    "mappings": ("{}", "{a: 1}", "{name: x}", "{1: 2}", "{a: {}}"),
}
TEXTS = [value for kind in VALUES.values() for value in kind]
EVERY = 1 if "LATEPHASE_SLOW" in os.environ else 8
"""Of so many values one is tried at a place; at another place another one."""
HERE = "@@@"
SECONDS = 20
"""A count that does not end is broken off."""

answers = Counter()
"""How many were taken and how many told."""


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


def edits(content, path):
    """A file's text without a place, and with some of the values there."""
    yield dump_yaml(put(content, path, ...))
    whole = dump_yaml(put(content, path, HERE))
    first = zlib.crc32(repr(path).encode()) % EVERY
    for value in TEXTS[first::EVERY]:
        yield whole.replace(f"'{HERE}'", value)


def content(name):
    return load_yaml((ROOT / name).read_text())


CONFIG = content("config.yaml")
FILES = {
    # The further families are cut away with what shows them.
    STUDY: lambda path: path[:2] != ("scales", "paper") and "metrics" not in path,
    FIGURES: lambda path: path[0] == "sakamoto2026_fig2",
    ATLAS: lambda path: path[0] == "atlas_overview",
    CLAIMS: lambda path: path[1:2] in ((), (0,)),
    PAPER: lambda path: True,
    DATASETS: lambda path: path[0] in ("digits", "cifar10", "topics_3", "ag_news"),
}
"""Which places of a file are tried."""
CASES = [
    (name, path) for name, tried in FILES.items() for path in places(content(name)) if tried(path)
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The catalog cut to one study, at scale quick."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(ROOT / "catalog", root / "catalog")
    keep_one_study(root)
    study = load_yaml((root / STUDY).read_text())
    study["scales"] = {QUICK[-1]: study["scales"][QUICK[-1]]}
    (root / STUDY).write_text(dump_yaml(study))
    return root


@pytest.fixture(autouse=True)
def alarm():
    """What does not end fails, where pytest would wait for ever."""

    def stop(number, frame):
        raise TimeoutError("planning does not end")

    before = signal.signal(signal.SIGALRM, stop)
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
        answers["told"] += 1
    else:
        for pack in catalog.packs.values():
            spec.canonical(pack)
        answers["taken"] += 1


@pytest.mark.parametrize(("name", "path"), CASES, ids=[f"{n}:{p}" for n, p in CASES])
def test_any_value_in_the_catalog(root, name, path):
    place = root / name
    whole = place.read_text()
    try:
        for text in edits(load_yaml(whole), path):
            place.write_text(text)
            taken_or_told(root, CONFIG, text)
    finally:
        place.write_text(whole)


@pytest.mark.parametrize("path", [*places(CONFIG)], ids=str)
def test_any_value_in_the_configuration(root, path):
    """As Snakemake reads it: what YAML itself refuses does not come so far."""
    for text in edits(CONFIG, path):
        try:
            config = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError):
            continue
        taken_or_told(root, config, text)


def test_how_many_there_are(request):
    """Of all that the tests above put there, when all of them ran."""
    if request.session.testscollected < len(CASES):
        pytest.skip("only some of them were asked for")
    assert answers["told"] >= 300
    print(dict(answers))
