"""IDX files: exactly what the header announces, or an error of one line."""

import gzip
import hashlib
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import yaml

from latephase.datasets.kinds.idx import parse
from latephase.datasets.prepare import prepare
from latephase.errors import UserError

CATALOG = Path(__file__).parents[3] / "catalog"


def idx(array, magic=None):
    header = bytes([0, 0, 8, array.ndim]) if magic is None else magic
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


IMAGES = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)


def test_parse_gives_back_the_array():
    np.testing.assert_array_equal(parse(idx(IMAGES), 3, "images"), IMAGES)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "magic number is 0x;"),
        (idx(IMAGES, magic=bytes([0, 0, 8, 1])), "magic number is 0x00000801"),
        (idx(IMAGES, magic=bytes([0, 0, 13, 3])), "magic number is 0x00000d03"),
        (idx(IMAGES, magic=bytes([1, 0, 8, 3])), "magic number is 0x01000803"),
        (idx(IMAGES)[:10], "header has 10 bytes"),
        (idx(IMAGES)[:-1], "holds 23 values"),
        (idx(IMAGES) + b"\0", "holds 25 values"),
        (bytes([0, 0, 8, 3]) + b"\xff" * 12, "holds 0 values"),
    ],
)
def test_parse_refuses(content, said):
    with pytest.raises(UserError) as error:
        parse(content, 3, "train-images")
    assert str(error.value).startswith("train-images: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def toy(folder, *, labels=(0, 1, 1), images=(3, 2, 2), **changes):
    """A mirror of a tiny data set and its entry."""
    files = {}
    for split in ("train", "test"):
        for role, array in (
            ("inputs", np.arange(np.prod(images), dtype=np.uint8).reshape(images)),
            ("labels", np.array(labels, np.uint8)),
        ):
            content, name = idx(array), f"{split}-{role}.gz"
            (folder / "toy").mkdir(exist_ok=True)
            (folder / "toy" / name).write_bytes(gzip.compress(content))
            files[f"{split}_{role}"] = {
                "name": name,
                "urls": ["http://127.0.0.1:9/toy/" + name],
                "sha256": hashlib.sha256(content).hexdigest(),
            }
    entry = {
        "kind": "idx",
        "variant": "fixture",
        "shape": [1, 2, 2],
        "classes": 2,
        "train": 3,
        "test": 3,
        "scale": 255,
        "files": files,
    }
    return entry | changes


def test_prepare_reads_images_and_labels_in_file_order(tmp_path):
    arrays, header = prepare("toy", toy(tmp_path), mirror=tmp_path)
    assert arrays["train_inputs"].shape == (3, 1, 2, 2)
    assert arrays["train_inputs"].dtype == np.uint8
    assert arrays["train_inputs"].ravel().tolist() == list(range(12))
    assert arrays["test_labels"].dtype == np.int64
    assert arrays["test_labels"].tolist() == [0, 1, 1]
    assert header["source"] == "http://127.0.0.1:9/toy/"
    assert set(header["sha256"]) == {
        f"{split}-{role}.gz" for split in ("train", "test") for role in ("inputs", "labels")
    }
    assert str(tmp_path) not in json.dumps(header)


@pytest.mark.parametrize(
    ("toy_arguments", "said"),
    [
        ({"labels": (0, 1, 2)}, "holds label 2; allowed: 0..1"),
        ({"labels": (0, 1)}, "holds 2 labels; allowed: one for each of the 3 images"),
        ({"images": (3, 4, 1)}, "images are [1, 4, 1]; allowed: [1, 2, 2]"),
        ({"train": 4}, "train is 4; the data have 3"),
        ({"scale": 16}, "scale is 16; the data have 255"),
        ({"kind": "tar"}, "kind is 'tar'; allowed: cifar, digits, folder, free_features"),
    ],
)
def test_prepare_refuses_data_that_differ_from_their_entry(tmp_path, toy_arguments, said):
    with pytest.raises(UserError) as error:
        prepare("toy", toy(tmp_path, **toy_arguments), mirror=tmp_path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.skipif(
    "LATEPHASE_MIRROR" not in os.environ,
    reason="LATEPHASE_MIRROR does not name a folder with mnist/ and fashion_mnist/",
)
@pytest.mark.parametrize(
    ("name", "first_labels", "mean"),
    [
        ("mnist", [5, 0, 4, 1, 9, 2, 1, 3, 1, 4], 0.1307),
        ("fashion_mnist", [9, 0, 0, 3, 0, 2, 7, 2, 5, 5], 0.2860),
    ],
)
def test_real_data_from_a_mirror(name, first_labels, mean):
    entry = yaml.safe_load((CATALOG / "datasets.yaml").read_text())[name]
    arrays, header = prepare(name, entry, mirror=Path(os.environ["LATEPHASE_MIRROR"]))
    assert arrays["train_inputs"].shape == (60000, 1, 28, 28)
    assert arrays["test_inputs"].shape == (10000, 1, 28, 28)
    assert arrays["train_labels"][:10].tolist() == first_labels
    assert np.bincount(arrays["test_labels"]).sum() == 10000
    assert arrays["train_inputs"].mean() / header["scale"] == pytest.approx(mean, abs=5e-5)
