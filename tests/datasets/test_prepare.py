"""The script: a whole file or none, and the catalog it reads from."""

import copy
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from safetensors import safe_open

from latephase.storage import checksum
from scripts import prepare_data

ROOT = Path(__file__).parents[2]
CATALOG = yaml.safe_load((ROOT / "catalog" / "datasets.yaml").read_text())
DIGITS = json.dumps(CATALOG["digits"])


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "scripts.prepare_data", *map(str, arguments)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_writes_the_file_with_its_header(tmp_path):
    output = tmp_path / "data" / "digits.safetensors"
    prepare_data.main(["--name", "digits", "--entry", DIGITS, "--output", str(output)])
    with safe_open(output, framework="np") as file:
        assert sorted(file.keys()) == ["test_inputs", "test_labels", "train_inputs", "train_labels"]
        assert file.get_slice("train_inputs").get_shape() == [1000, 1, 8, 8]
        header = json.loads(file.metadata()["latephase"])
    assert sorted(header) == sorted(
        ["name", "variant", "source", "sha256", "classes", "shape", "scale", "checksum"]
    )
    assert os.listdir(output.parent) == ["digits.safetensors"]
    assert checksum.holds(output.read_bytes())


@pytest.mark.parametrize("empty", [[], [""]])
def test_flags_without_a_value_are_not_set(tmp_path, monkeypatch, empty):
    given = {}

    def prepare(name, entry, **folders):
        given.update(folders)
        return {}, {}

    monkeypatch.setattr(prepare_data, "prepare", prepare)
    flags = [
        "--mirror",
        *empty,
        "--cache",
        *empty,
        "--npz",
        *empty,
        "--folder",
        *empty,
        "--texts",
        *empty,
    ]
    prepare_data.main(["--name", "toy", *flags, "--output", str(tmp_path / "toy")])
    assert given == dict.fromkeys(["mirror", "cache", "npz", "folder", "texts"]) | {"threads": 1}


def test_same_bytes_twice_and_readable_as_the_umask_says(tmp_path):
    old = os.umask(0o022)
    try:
        for name in ("a", "b"):
            output = str(tmp_path / name)
            prepare_data.main(["--name", "digits", "--entry", DIGITS, "--output", output])
    finally:
        os.umask(old)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    "step", ["latephase.storage.atomic.os.replace", "scripts.prepare_data.bytes_of"]
)
def test_failure_keeps_the_old_file_and_leaves_no_part(tmp_path, monkeypatch, step):
    def fail(*arguments, **options):
        raise OSError("disk full")

    output = tmp_path / "digits.safetensors"
    output.write_bytes(b"old")
    monkeypatch.setattr(step, fail)
    with pytest.raises(OSError, match="disk full"):
        prepare_data.main(["--name", "digits", "--entry", DIGITS, "--output", str(output)])
    assert output.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["digits.safetensors"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{", "--entry: not JSON"),
        ("[]", "--entry: is []; allowed: a JSON object"),
        ("{}", "kind is None; allowed: cifar, digits, folder, free_features"),
        ('{"kind": "idx"}', "variant is missing"),
    ],
)
def test_a_user_error_is_one_line_without_a_traceback(tmp_path, entry, said):
    output = tmp_path / "out.safetensors"
    done = run("--name", "toy", "--entry", entry, "--output", output)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert os.listdir(tmp_path) == []


def test_without_network_or_mirror(tmp_path, closed_address):
    entry = copy.deepcopy(CATALOG["mnist"])
    for file in entry["files"].values():
        file["urls"] = [f"{closed_address}/{file['name']}"]
    output = tmp_path / "mnist.safetensors"
    done = run("--name", "mnist", "--entry", json.dumps(entry), "--output", output)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "train-images-idx3-ubyte.gz" in done.stderr
    assert os.listdir(tmp_path) == []


def test_preparation_needs_no_torch():
    code = (
        "import sys, scripts.prepare_data; from latephase.datasets.kinds import folder, idx, npz; "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
