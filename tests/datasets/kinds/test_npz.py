"""A user's .npz: read without pickle, refused in one line when it is not what it should be."""

import io
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from latephase.datasets.kinds.npz import entry_of
from latephase.datasets.prepare import prepare
from latephase.errors import UserError


def arrays(**changes):
    rng = np.random.default_rng(0)
    given = {
        "x_train": rng.integers(0, 256, (6, 5, 4), dtype=np.uint8),
        "y_train": np.array([0, 1, 2, 0, 1, 2]),
        "x_test": rng.integers(0, 256, (3, 5, 4), dtype=np.uint8),
        "y_test": np.array([2, 1, 1]),
    }
    given.update(changes)
    return {key: value for key, value in given.items() if value is not None}


@pytest.fixture
def saved(tmp_path):
    def save(**changes):
        np.savez_compressed(tmp_path / "mine.npz", **arrays(**changes))
        return tmp_path / "mine.npz"

    return save


def refusal(path):
    """The error of the check from headers or, failing that, of the reading itself."""
    with pytest.raises(UserError) as error:
        prepare("mine", {}, npz=path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_sizes_are_a_catalog_entry(saved):
    path = saved()
    entry = entry_of(path)
    assert entry == {
        "kind": "npz",
        "variant": "user",
        "shape": [1, 5, 4],
        "classes": 3,
        "train": 6,
        "test": 3,
        "scale": 255,
    }
    prepared, header = prepare("mine", entry, npz=path)
    assert header["name"] == "mine"
    assert header["source"] == "mine.npz"
    np.testing.assert_array_equal(prepared["train_inputs"][:, 0], arrays()["x_train"])
    assert prepared["train_labels"].dtype == np.int64


def test_sizes_need_neither_numpy_nor_torch(saved):
    code = (
        "import sys; from latephase.datasets.kinds.npz import entry_of; "
        f"entry_of({str(saved())!r}); print({{'numpy', 'torch'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("item", "shape"),
    [((7,), [1, 1, 7]), ((5, 4), [1, 5, 4]), ((5, 4, 1), [1, 5, 4]), ((5, 4, 3), [3, 5, 4])],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_shapes(saved, item, shape, order):
    train = np.random.default_rng(1).normal(size=(6, *item))
    train = np.asarray(train, dtype=">f4", order=order)
    path = saved(x_train=train, x_test=train[:3].astype(np.float64))
    assert entry_of(path)["shape"] == shape
    prepared, header = prepare("mine", {}, npz=path)
    inputs = prepared["train_inputs"]
    assert inputs.dtype == np.dtype("=f4")
    assert inputs.shape == (6, *shape)
    assert inputs.flags.c_contiguous
    assert header["scale"] == 1
    expected = np.moveaxis(train, -1, 1) if train.ndim == 4 else train
    np.testing.assert_array_equal(inputs.reshape(expected.shape), expected)


@pytest.mark.parametrize("dtype", ["u1", "i1", "<i2", ">i2", ">u4", "<i8", ">i8"])
def test_labels_of_any_integer_type(saved, dtype):
    path = saved(y_train=arrays()["y_train"].astype(dtype))
    assert entry_of(path)["classes"] == 3
    assert prepare("mine", {}, npz=path)[0]["train_labels"].tolist() == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"y_test": None}, "y_test is missing"),
        ({"x_train": np.array([{"a": 1}] * 6, dtype=object)}, "x_train holds objects (a pickle)"),
        ({"y_train": np.array([0, 1, 2, 0, 1, None])}, "y_train holds objects (a pickle)"),
        ({"x_train": np.zeros(6, "U3")}, "x_train holds type '<U3'"),
        ({"x_train": np.zeros((6, 5, 4), np.int32)}, "x_train holds integers"),
        ({"x_train": np.zeros((6, 5, 4), np.float32)}, "x_test has items (5, 4) of kind u"),
        ({"x_test": np.zeros((3, 4, 5), np.uint8)}, "x_test has items (4, 5)"),
        ({"x_train": np.zeros((6, 3, 5, 4), np.uint8)}, "allowed: [N, d], [N, H, W]"),
        ({"x_train": np.zeros((6, 0, 4), np.uint8)}, "none of them 0"),
        ({"x_train": np.zeros((5, 5, 4), np.uint8)}, "x_train holds 5 examples but y_train 6"),
        ({"y_train": np.array([0, 1, 3, 0, 1, 3])}, "allowed: each of 0..K-1"),
        ({"y_train": np.array([1, 2, 3, 1, 2, 3])}, "from 1 to 3"),
        ({"y_train": np.array([-1, 0, 1, 0, 1, 0])}, "from -1 to 1"),
        ({"y_train": np.zeros(6, int)}, "K at least 2"),
        ({"y_train": np.array([0.0, 1, 2, 0, 1, 2])}, "allowed: [N] of integers"),
        ({"y_train": np.array([[0], [1], [2], [0], [1], [2]])}, "allowed: [N] of integers"),
        ({"y_test": np.array([2, 1, 3])}, "y_test holds label 3; allowed: 0..2"),
        ({"y_test": np.array([2, 1, -1])}, "y_test holds label -1; allowed: 0..2"),
    ],
)
def test_refused_by_header_and_labels(saved, changes, said):
    path = saved(**changes)
    with pytest.raises(UserError) as error:
        entry_of(path)
    assert said in str(error.value)
    assert refusal(path) == str(error.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_inputs_that_are_not_finite_in_float32(saved, bad):
    train, test = np.zeros((6, 4)), np.zeros((3, 4))
    test[1, 2] = bad
    assert "x_test holds NaN or infinity" in refusal(saved(x_train=train, x_test=test))


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def zipped(path, **members):
    """A .npz whose members are given as bytes where they differ from what NumPy writes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, array in arrays().items():
            archive.writestr(f"{key}.npy", members.get(key, npy(array)))
    return path


def test_header_that_declares_more_than_its_member_holds(tmp_path):
    honest = npy(arrays()["x_train"])
    bomb = honest.replace(b"(6, 5, 4), }   ", b"(6, 5, 9999), }")
    assert len(bomb) == len(honest)
    assert bomb != honest
    path = zipped(tmp_path / "mine.npz", x_train=bomb)
    assert "x_train declares 299970 bytes; its zip member holds 120" in refusal(path)


class Opens:
    """An object whose pickle, loaded, makes a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("key", ["x_train", "y_train"])
def test_a_pickle_is_never_loaded(saved, tmp_path, key):
    path = saved(**{key: np.array([Opens(tmp_path / "opened")] * 6, dtype=object)})
    assert f"{key} holds objects (a pickle)" in refusal(path)
    assert not (tmp_path / "opened").exists()


def test_a_pickle_beside_the_arrays_is_not_loaded(tmp_path):
    """Under the same names without .npy, which NumPy would prefer."""
    path = zipped(tmp_path / "mine.npz")
    hidden = io.BytesIO()
    np.save(hidden, np.array([Opens(tmp_path / "opened")], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(path, "a") as archive:
        for key in arrays():
            archive.writestr(key, hidden.getvalue())
    prepared, _ = prepare("mine", {}, npz=path)
    np.testing.assert_array_equal(prepared["train_inputs"][:, 0], arrays()["x_train"])
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize("start", ["../", "/tmp/", "a\nb/", "\x1b[2J", "C:\\"])
def test_members_outside_are_neither_taken_nor_printed_raw(tmp_path, start):
    path = tmp_path / "mine.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for key, array in arrays().items():
            archive.writestr(f"{start}{key}.npy", npy(array))
    message = refusal(path)
    assert f"x_train is missing (found: {start + 'x_test'!a}" in message
    assert message.isprintable()
    assert os.listdir(tmp_path) == ["mine.npz"]


BOMB = 96 << 20


@pytest.mark.parametrize("key", ["x_train", "y_train"])
def test_a_bomb_that_tells_its_size(tmp_path, little_memory, monkeypatch, key):
    """Honest headers of arrays of zeros that take a thousandth in the file."""
    monkeypatch.setattr("latephase.datasets.kinds.npz.SMALL", {"x": 16 << 20, "y": 16 << 20})
    huge = {"x_train": np.zeros((6, BOMB // 6), np.uint8), "y_train": np.zeros(BOMB, np.uint8)}
    path = zipped(tmp_path / "mine.npz", **{key: npy(huge[key])})
    with little_memory:
        message = refusal(path)
    assert f"{key} would inflate from " in message
    assert f" to {huge[key].nbytes + 128} bytes; " in message
    assert "allowed: 200 times as many" in message


def test_one_hot_inputs_are_no_bomb(tmp_path):
    """Pairs of numbers below 113, as for modular arithmetic: a five-hundredth in the file."""
    first, second = np.divmod(np.arange(113 * 113), 113)
    inputs = np.concatenate([np.eye(113)[first], np.eye(113)[second]], axis=1)
    labels = (first + second) % 113
    path = tmp_path / "mine.npz"
    np.savez_compressed(path, x_train=inputs, y_train=labels, x_test=inputs, y_test=labels)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("x_train.npy")
    assert info.file_size > 200 * info.compress_size
    assert entry_of(path)["classes"] == 113


def test_a_header_that_python_2_wrote(tmp_path):
    content = npy(np.zeros((6, 5, 4), np.uint8))
    old = content.replace(b"(6, 5, 4), }   ", b"(6L, 5L, 4L), }")
    assert len(old) == len(content)
    path = zipped(tmp_path / "mine.npz", x_train=old)
    assert entry_of(path)["shape"] == [1, 5, 4]


@pytest.mark.parametrize("taken", ["as it is", "as if it were large"])
@pytest.mark.parametrize("key", ["x_train", "y_train"])
def test_a_bomb_that_lies(tmp_path, little_memory, key, taken):
    """The archive says that a member is small, or takes much: it is inflated no further."""
    small = npy(np.arange(60_000).reshape(6, -1) if key == "x_train" else np.arange(60_000) % 3)
    path = zipped(tmp_path / "mine.npz", **{key: small + bytes(BOMB)})
    content = path.read_bytes()
    sizes = struct.pack("<I", len(small) + BOMB)
    assert content.count(sizes) == 2  # in the member's header and in the directory
    lie = len(small) if taken == "as it is" else BOMB // 2
    path.write_bytes(content.replace(sizes, struct.pack("<I", lie)))
    with little_memory:
        refusal(path)


def test_a_member_of_another_compression(tmp_path):
    path = tmp_path / "mine.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for key, array in arrays().items():
            archive.writestr(f"{key}.npy", npy(array))
    assert "x_train is compressed by lzma; allowed: deflate" in refusal(path)


def test_array_above_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("latephase.datasets.kinds.npz.LARGEST", 119)
    path = zipped(tmp_path / "mine.npz")
    assert "x_train declares 120 bytes; allowed: up to 119" in refusal(path)


HEADER = "{{'descr': '|u1', 'fortran_order': False, 'shape': {}}}"


def header(text):
    """The head of a npy member that says ``text``, and nothing after it."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (b"", "not an npy array"),
        (b"\x93NUMPY\x01\x00\xff", "not a readable .npz"),
        (b"\x93NUMPY\x01\x00\xff\x00{", "not a readable .npz"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{", "a header of 2147483647 bytes"),
        (b"\x93NUMPY\x01\x00\x04\x00{1: ", "damaged npy header"),
        (b"\x93NUMPY\x01\x00\x0c\x00__import__()", "damaged npy header"),
        (header("(" * 9000), "damaged npy header"),
        (header("-" * 9000 + "1"), "damaged npy header"),
        (header("1+" * 4500 + "1"), "damaged npy header"),
        (header("9" * 9000), "damaged npy header"),
        (header(HEADER.format("(%s,)" % ("9" * 4000))), "mine.npz"),
        (header(HEADER.format("(9999999999, 9999999999)")), "its zip member holds 0"),
        (header(HEADER.format("(-1, -1)")), "shape (-1, -1); allowed"),
        (header(HEADER.format("('a',)")), "shape ('a',); allowed"),
    ],
)
def test_damaged_npy_member(tmp_path, member, said):
    assert said in refusal(zipped(tmp_path / "mine.npz", x_train=member))


@pytest.mark.parametrize("keep", [0, 10, 400, -30])
def test_truncated_file(saved, keep):
    path = saved()
    path.write_bytes(path.read_bytes()[:keep])
    assert "not a readable .npz file" in refusal(path)


def test_altered_byte(tmp_path):
    np.savez(tmp_path / "mine.npz", **arrays())
    path = tmp_path / "mine.npz"
    data = bytearray(path.read_bytes())
    place = data.find(arrays()["x_train"].tobytes())
    data[place + 7] ^= 1
    path.write_bytes(bytes(data))
    assert "CRC" in refusal(path)


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    for path in (tmp_path, tmp_path / "pipe.npz"):
        with pytest.raises(UserError, match="is not a file; allowed: an"):
            entry_of(path)


def test_missing_file(tmp_path):
    assert "no such file" in refusal(tmp_path / "absent.npz")


def test_a_plain_npy_is_not_an_npz(tmp_path):
    path = tmp_path / "mine.npz"
    path.write_bytes(npy(np.zeros(3)))
    assert "not a readable .npz file" in refusal(path)


def test_entry_made_for_another_file(saved):
    entry = entry_of(saved())
    path = saved(y_test=np.array([2, 1]), x_test=np.zeros((2, 5, 4), np.uint8))
    with pytest.raises(UserError, match="data set mine: test is 3; the data have 2"):
        prepare("mine", entry, npz=path)


def test_file_given_for_a_set_of_another_kind(saved):
    with pytest.raises(UserError, match="kind is digits; allowed: npz"):
        prepare("digits", {"kind": "digits"}, npz=saved())


def test_kind_npz_without_a_file():
    with pytest.raises(UserError, match="--npz FILE"):
        prepare("mine", {"kind": "npz"})


CATALOG = Path(__file__).parents[3] / "catalog"


def shipped(name):
    entry = yaml.safe_load((CATALOG / "datasets.yaml").read_text())[name]
    return entry, CATALOG / "data" / f"{name}.npz"


def test_the_shipped_set_is_what_its_entry_says():
    entry, path = shipped("fashion_mnist_part")
    prepared, header = prepare("fashion_mnist_part", entry, npz=path)
    assert header["variant"] == "first_100_a_class"
    assert np.bincount(prepared["train_labels"]).tolist() == [100] * 10
    assert np.bincount(prepared["test_labels"]).tolist() == [50] * 10


def test_a_shipped_set_that_was_altered_is_refused(tmp_path):
    entry, path = shipped("fashion_mnist_part")
    with np.load(path) as file:
        content = dict(file)
    content["x_train"][0, 0, 0] += 1
    np.savez(tmp_path / "fashion_mnist_part.npz", **content)
    with pytest.raises(UserError, match=r"fashion_mnist_part\.npz: sha256 is \w+; expected fbdeb7"):
        prepare("fashion_mnist_part", entry, npz=tmp_path / "fashion_mnist_part.npz")


@pytest.mark.skipif(
    "LATEPHASE_MIRROR" not in os.environ,
    reason="LATEPHASE_MIRROR does not name a folder with fashion-mnist/",
)
def test_the_shipped_set_is_the_first_of_each_class_of_the_whole():
    entry, path = shipped("fashion_mnist_part")
    part, _ = prepare("fashion_mnist_part", entry, npz=path)
    entry, _ = shipped("fashion_mnist")
    whole, _ = prepare("fashion_mnist", entry, mirror=Path(os.environ["LATEPHASE_MIRROR"]))
    for split, size in (("train", 100), ("test", 50)):
        labels = whole[f"{split}_labels"]
        first = np.sort(np.concatenate([np.flatnonzero(labels == k)[:size] for k in range(10)]))
        np.testing.assert_array_equal(part[f"{split}_labels"], labels[first])
        np.testing.assert_array_equal(part[f"{split}_inputs"], whole[f"{split}_inputs"][first])
