"""Archives of CIFAR's kind: records in order, or an error of one line. The data are fixtures."""

import hashlib
import io
import tarfile

import numpy as np
import pytest

from latephase.datasets.kinds.cifar import parse
from latephase.datasets.prepare import prepare
from latephase.errors import UserError

SHAPE = [3, 2, 2]


def records(labels, label_bytes=1, seed=0):
    """Images [N, 3, 2, 2], and the bytes of a batch of them."""
    images = np.random.default_rng(seed).integers(256, size=(len(labels), *SHAPE), dtype=np.uint8)
    before = [bytes([99] * (label_bytes - 1) + [label]) for label in labels]
    return images, b"".join(b + i.tobytes() for b, i in zip(before, images, strict=True))


def toy(folder, members, **changes):
    """A mirror with an archive of these members, and its entry."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    (folder / "toy").mkdir()
    (folder / "toy/toy.tar.gz").write_bytes(stream.getvalue())
    entry = {
        "kind": "cifar",
        "variant": "fixture",
        "shape": SHAPE,
        "classes": 3,
        "train": 3,
        "test": 1,
        "scale": 255,
        "label_bytes": 1,
        "archive": {
            "name": "toy.tar.gz",
            "urls": ["http://127.0.0.1:9/toy.tar.gz"],
            "sha256": hashlib.sha256(stream.getvalue()).hexdigest(),
            "bytes": len(stream.getvalue()),
        },
        "batches": {"train": ["b.bin", "a.bin"], "test": ["c.bin"]},
    }
    return entry | changes


def test_batches_come_in_the_order_of_the_entry(tmp_path):
    labels = [0], [1, 2], [2]
    first, second, test = (records(each, seed=seed) for seed, each in enumerate(labels))
    members = {"toy/a.bin": second[1], "toy/b.bin": first[1], "toy/c.bin": test[1], "toy/x": b"?"}
    arrays, header = prepare("toy", toy(tmp_path, members), mirror=tmp_path)
    np.testing.assert_array_equal(arrays["train_inputs"], np.concatenate([first[0], second[0]]))
    np.testing.assert_array_equal(arrays["test_inputs"], test[0])
    assert arrays["train_labels"].tolist() == [0, 1, 2]
    assert arrays["train_labels"].dtype == np.int64
    assert header["source"] == "http://127.0.0.1:9/toy.tar.gz"
    assert list(header["sha256"]) == ["toy.tar.gz"]


def test_the_last_label_byte_counts():
    images, content = records([7, 8], label_bytes=2)
    parsed, labels = parse(content, SHAPE, 2, "train.bin")
    np.testing.assert_array_equal(parsed, images)
    assert labels.tolist() == [7, 8]


GOOD = records([0, 1])[1]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"b.bin": GOOD, "c.bin": GOOD}, "toy.tar.gz: a.bin is not in it; allowed: b.bin, a.bin"),
        ({"a.bin": GOOD[:-1], "b.bin": GOOD, "c.bin": GOOD}, "a.bin: holds 25 bytes; allowed"),
        ({"a.bin": b"", "b.bin": GOOD, "c.bin": GOOD}, "a.bin: holds 0 bytes"),
        (
            {"a.bin": records([3])[1], "b.bin": GOOD, "c.bin": GOOD},
            "train holds label 3; allowed: 0..2",
        ),
    ],
)
def test_refuses(tmp_path, members, said):
    with pytest.raises(UserError) as error:
        prepare("toy", toy(tmp_path, members), mirror=tmp_path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_an_archive_is_checked_as_it_is(tmp_path):
    members = dict.fromkeys(["a.bin", "b.bin", "c.bin"], GOOD)
    entry = toy(tmp_path, members)
    path = tmp_path / "toy/toy.tar.gz"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(UserError, match="sha256 of the file is"):
        prepare("toy", entry, mirror=tmp_path)
    entry["archive"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(UserError, match=r"toy\.tar\.gz: not a complete"):
        prepare("toy", entry, mirror=tmp_path)
