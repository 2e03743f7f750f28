"""The form of an entry in catalog/datasets.yaml: each kind of data set declares its own."""

import copy
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from latephase.catalog.check_schema import check
from latephase.datasets import kinds
from latephase.datasets.catalog_schema import datasets_schema
from latephase.errors import UserError

ROOT = Path(__file__).parents[2]
CATALOG = yaml.safe_load((ROOT / "catalog/datasets.yaml").read_text())
COMMON = yaml.safe_load((ROOT / "catalog/schemas/datasets.schema.yaml").read_text())
FILE = "catalog/datasets.yaml"


def test_catalog_fits_its_schema():
    schema = datasets_schema(COMMON)
    jsonschema.Draft202012Validator.check_schema(schema)
    check(CATALOG, schema, FILE)
    assert {entry["kind"] for entry in CATALOG.values()} == set(kinds.files())


def test_the_common_rules_are_left_as_they_are():
    before = copy.deepcopy(COMMON)
    datasets_schema(COMMON)
    assert before == COMMON


def changed(path, value):
    """The catalog with another value (None: without the key) at the end of a path of keys."""
    catalog = copy.deepcopy(CATALOG)
    place = catalog
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    if value is None:
        del place[path[-1]]
    return catalog


ALL = "cifar, digits, folder, free_features, gaussian_mixture, idx, modular, npz, text"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("digits", "scales"), 16, "digits.scales is not a known key; allowed: classes, kind, sc"),
        (("digits", "kind"), "npz", "digits.sha256 is {"),
        (("digits", "kind"), "tar", f"digits.kind is 'tar'; allowed: {ALL}"),
        (("digits", "kind"), None, "digits.kind is missing; it must be given"),
        (("digits",), {}, "digits.kind is missing; it must be given"),
        (("digits", "files"), {}, "digits.files is not a known key"),
        (("mnist", "sha256"), "0" * 64, "mnist.sha256 is not a known key"),
        (("mnist", "shape"), [28, 28], "mnist.shape is [28, 28]; allowed: a list of length at"),
        (("mnist", "train"), 0, "mnist.train is 0; allowed: at least 1"),
        (("mnist", "variant"), None, "mnist.variant is missing; it must be given"),
        (("mnist", "scale"), 16, "mnist.scale is 16; allowed: only 255"),
        (("mnist", "files", "train_input"), {}, "files.train_input is not a known key"),
        (("mnist", "files", "train_inputs", "name"), "../train.gz", "name is '../train.gz'"),
        (("mnist", "files", "train_inputs", "urls"), ["file:///etc/passwd"], "urls[0] is 'file"),
        (("mnist", "files", "train_inputs", "urls"), [], "urls is []"),
        (("mnist", "files", "train_inputs", "sha256"), "440fcabf", "sha256 is '440fcabf'"),
        (("cifar10", "archive", "name"), "a/b.tar.gz", "archive.name is 'a/b.tar.gz'"),
        (("cifar10", "batches", "train"), ["../x"], "batches.train[0] is '../x'"),
        (("gaussian_mixture", "margin"), 0.8, "margin is 0.8; allowed: at most 0.7"),
        (("free_features", "shape"), [1, 1, 2], "shape is [1, 1, 2]; allowed: only [1, 1, 1]"),
        (("MNIST",), CATALOG["mnist"], "MNIST is not a known key; allowed: names that match"),
    ],
)
def test_what_does_not_fit_is_one_line(path, value, said):
    with pytest.raises(UserError) as error:
        check(changed(path, value), datasets_schema(COMMON), FILE)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_kind_is_one_file(tokens):
    """Its entries are allowed, in its own form, without a change elsewhere."""
    schema = datasets_schema(COMMON)
    check({"mine": tokens.ENTRY}, schema, FILE)
    for change, said in (
        ({"shape": [3, 4, 4]}, "mine.shape is [3, 4, 4]; allowed: a list of length at most 1"),
        ({"scale": 255}, "mine.scale is not a known key"),
        ({"kind": "tokenz"}, f"allowed: {ALL}, tokens"),
    ):
        with pytest.raises(UserError) as error:
            check({"mine": tokens.ENTRY | change}, schema, FILE)
        assert said in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("SCHEMA =", "FORM =", "SCHEMA is None; allowed: a JSON schema"),
        ('"variant", "shape", "vocabulary"', '"shape", "vocabulary"', "SCHEMA.required has no var"),
        ('"train": {"$ref": "#/$defs/size"},', "", "SCHEMA.properties has no train; every kind mu"),
        ("SCHEMA = {", "SCHEMA = {}\nFORM = {", "SCHEMA.required has no variant"),
        ("SCHEMA = {", "SCHEMA = dict()\nFORM = {", "SCHEMA at line 4 is dict(); allowed: a liter"),
        ("SCHEMA = {", "SCHEMA = {{", "cannot be read at line"),
    ],
)
def test_a_kind_without_all_of_its_schema_is_one_line(tokens, old, new, said):
    text = tokens.FILE.read_text()
    assert old in text
    tokens.FILE.write_text(text.replace(old, new))
    with pytest.raises(UserError) as error:
        datasets_schema(COMMON)
    assert str(error.value).startswith(f"{tokens.FILE}: {said}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("key", "value"), [("shape", []), ("shape", "5"), ("train", 1.5)])
def test_an_entry_has_a_size_whatever_its_kind(tokens, key, value):
    text = tokens.FILE.read_text()
    tokens.FILE.write_text(text.replace(f'"{key}": {{', f'"{key}": {{}}, "more": {{', 1))
    with pytest.raises(UserError, match=rf"mine\.{key} is "):
        check({"mine": tokens.ENTRY | {key: value}}, datasets_schema(COMMON), FILE)


def test_planning_imports_neither_numpy_nor_torch():
    code = (
        "import sys; from latephase.datasets.catalog_schema import form; form('npz'); "
        "from latephase.catalog import user_data; "
        "print({'numpy', 'torch', 'PIL'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
