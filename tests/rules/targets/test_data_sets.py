"""What a data set is prepared from."""

import json
from pathlib import Path

import numpy as np
import pytest

from latephase.errors import UserError
from tests.rules.targets.asking import targets, wildcards


def test_an_npz_is_the_catalog_s_or_the_user_s(shipped, tmp_path):
    part = wildcards(dataset="fashion_mnist_part")
    assert shipped.data_sets.npz(part) == "catalog/data/fashion_mnist_part.npz"
    assert shipped.data_sets.npz(wildcards(dataset="digits")) == ""


def test_images_of_a_folder_are_read_by_several_threads(shipped):
    kinds = {"folder": "imagenet", "other": "digits"}
    threads = {k: shipped.data_sets.threads(wildcards(dataset=name)) for k, name in kinds.items()}
    assert threads == {"folder": 8, "other": 1}


def test_where_a_file_lies_is_not_what_a_data_set_is(shipped, tmp_path):
    part = wildcards(dataset="fashion_mnist_part")
    moved = tmp_path / "moved.npz"
    moved.write_bytes(Path(shipped.data_sets.npz(part)).read_bytes())
    mine = targets(npz={"mine": str(moved)})
    own = wildcards(dataset="mine")
    assert mine.data_sets.content(own) == shipped.data_sets.content(part) != ""
    content = dict(np.load(moved)) | {"y_test": np.load(moved)["y_test"][::-1]}
    np.savez(moved, **content)
    assert targets(npz={"mine": str(moved)}).data_sets.content(own) != mine.data_sets.content(own)
    urls = json.loads(shipped.data_sets.entry(wildcards(dataset="mnist")))["files"]["train_inputs"]
    assert set(urls) == {"name", "sha256"}


def test_a_folder_of_images_is_the_user_s_to_name(shipped):
    with pytest.raises(UserError, match=r"folders\.imagenet is missing"):
        shipped.data_sets.folder(wildcards(dataset="imagenet"))
    with pytest.raises(UserError, match=r"texts\.sst2 is missing"):
        shipped.data_sets.texts(wildcards(dataset="sst2"))
    assert shipped.data_sets.folder(wildcards(dataset="digits")) == ""
    assert shipped.data_sets.texts(wildcards(dataset="digits")) == ""
    assert shipped.data_sets.content(wildcards(dataset="digits")) == ""
