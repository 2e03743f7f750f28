"""Reading the stored file: first n, scaled, standardised."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from latephase.datasets.prepare import prepare
from latephase.datasets.stored import load
from latephase.datasets.streamed import Streamed
from latephase.errors import UserError
from latephase.storage import checksum
from scripts import prepare_data

HEADER = {
    "name": "toy",
    "variant": "fixture",
    "source": "generated",
    "sha256": {},
    "classes": 3,
    "shape": [3, 2, 2],
    "scale": 255,
}


def write(path, arrays, text):
    """A file with its checksum and the text (None: none) of a header.

    The checksum is under a key of its own, for the text may be anything.
    """
    metadata = {"sum": checksum.SLOT} | ({} if text is None else {"latephase": text})
    path.write_bytes(checksum.filled(save(arrays, metadata)))


def arrays(dtype=np.uint8):
    rng = np.random.default_rng(0)
    return {
        "train_inputs": rng.integers(0, 256, (8, 3, 2, 2)).astype(dtype),
        "train_labels": rng.integers(0, 3, 8),
        "test_inputs": rng.integers(0, 256, (4, 3, 2, 2)).astype(dtype),
        "test_labels": rng.integers(0, 3, 4),
    }


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "toy.safetensors"
    write(path, arrays(), json.dumps(HEADER))
    return path


def test_all_examples_scaled_to_the_unit_interval(path):
    data = load(path)
    assert data.train_inputs.dtype == torch.float32
    assert data.train_labels.dtype == torch.int64
    np.testing.assert_array_equal(data.train_inputs, arrays()["train_inputs"] / np.float32(255))
    np.testing.assert_array_equal(data.test_labels, arrays()["test_labels"])
    assert (data.classes, data.header) == (3, HEADER)
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.classes = 4


def test_sizes_take_the_first_of_the_file(path):
    data, whole = load(path, train_size=5, test_size=1), load(path)
    assert torch.equal(data.train_inputs, whole.train_inputs[:5])
    assert torch.equal(data.train_labels, whole.train_labels[:5])
    assert torch.equal(data.test_inputs, whole.test_inputs[:1])
    assert torch.equal(data.test_labels, whole.test_labels[:1])


@pytest.mark.parametrize(("mean", "std"), [(0.25, 0.5), ([0.1, 0.2, 0.3], [0.5, 1.0, 2.0])])
def test_standardisation(path, mean, std):
    expected = (arrays()["train_inputs"] / 255 - np.reshape(mean, (-1, 1, 1))) / np.reshape(
        std, (-1, 1, 1)
    )
    found = load(path, mean=mean, std=std).train_inputs
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_mean_alone_and_std_alone(path):
    plain = load(path).train_inputs
    assert torch.equal(load(path, mean=0.5).train_inputs, plain - 0.5)
    assert torch.equal(load(path, std=0.5).train_inputs, plain / 0.5)


def test_stored_floats_are_not_changed_in_the_file(tmp_path):
    path = tmp_path / "floats.safetensors"
    stored = arrays(np.float32)
    write(path, stored, json.dumps(HEADER | {"scale": 1}))
    before = path.read_bytes()
    first = load(path, mean=1.0, std=2.0).train_inputs
    assert torch.equal(load(path, mean=1.0, std=2.0).train_inputs, first)
    np.testing.assert_array_equal(first, (stored["train_inputs"] - 1) / 2)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"train_size": 9}, "toy.safetensors: data.train_size is 9; allowed: 1..8"),
        ({"test_size": 5}, "toy.safetensors: data.test_size is 5; allowed: 1..4"),
        ({"train_size": 0}, "data.train_size is 0"),
        ({"train_size": -1}, "data.train_size is -1"),
        ({"train_size": 2.0}, "data.train_size is 2.0"),
        ({"train_size": True}, "data.train_size is True"),
        (
            {"mean": [0.1, 0.2]},
            "toy.safetensors: data.mean is [0.1, 0.2]; allowed: a finite number or a list of 3",
        ),
        ({"mean": "0.1"}, "data.mean is '0.1'; allowed"),
        ({"mean": float("nan")}, "data.mean is nan; allowed: a finite"),
        ({"std": 0.0}, "toy.safetensors: data.std is 0.0; allowed: numbers above 0"),
        ({"std": [1.0, -1.0, 1.0]}, "data.std"),
    ],
)
def test_options_that_do_not_fit(path, options, said):
    with pytest.raises(UserError) as error:
        load(path, **options)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        load(tmp_path / "absent.safetensors")


def refused(path):
    """Whether a file is refused as altered, in one line."""
    try:
        load(path, train_size=2, test_size=1)
    except UserError as error:
        return str(error) == f"{path}: its content is not what was written; remove it and run again"
    return False


@pytest.mark.parametrize("kept", [0, 5, -10])
def test_truncated_file(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    assert refused(path)


def test_a_file_without_a_checksum(path):
    path.write_bytes(save(arrays(), {"latephase": json.dumps(HEADER)}))
    assert refused(path)


def test_an_altered_byte_is_refused_wherever_it_is(path):
    """Among the header's too, and the examples that are not asked for."""
    content = path.read_bytes()
    with path.open("r+b", buffering=0) as file:
        for at, byte in enumerate(content):
            for written in (byte ^ 1 << at % 8, byte):
                file.seek(at)
                file.write(bytes([written]))
                assert refused(path) == (written != byte), at


def test_file_without_our_header(tmp_path):
    path = tmp_path / "other.safetensors"
    write(path, arrays(), None)
    with pytest.raises(UserError, match="header key latephase is missing"):
        load(path)


def test_resized_before_standardising(path):
    plain, mean = load(path).train_inputs, [0.1, 0.2, 0.3]
    data = load(path, resize=5, mean=mean, std=0.5)
    # Upwards antialiasing changes nothing but the last digits.
    expected = torch.nn.functional.interpolate(plain, (5, 5), mode="bilinear")
    expected = (expected - torch.tensor(mean).view(-1, 1, 1)) / 0.5
    torch.testing.assert_close(data.train_inputs, expected, rtol=1e-5, atol=1e-5)
    assert data.header == HEADER | {"shape": [3, 5, 5]}
    assert data.test_inputs.shape == (4, 3, 5, 5)


@pytest.mark.parametrize("size", [32, 28, 20])
def test_resized_as_pillow_does(tmp_path, size):
    """torchvision's Resize of an image; Pillow rounds to whole grey values on the way."""
    image = pytest.importorskip("PIL.Image")
    greys = np.random.default_rng(0).integers(0, 256, (2, 1, 28, 28)).astype(np.uint8)
    stored = {"train_inputs": greys, "test_inputs": greys}
    stored |= {"train_labels": np.arange(2), "test_labels": np.arange(2)}
    path = tmp_path / "grey.safetensors"
    header = HEADER | {"shape": [1, 28, 28]}
    write(path, stored, json.dumps(header))
    found = load(path, resize=size).train_inputs
    for mine, theirs in zip(found, greys, strict=True):
        small = image.fromarray(theirs[0]).resize((size, size), image.Resampling.BILINEAR)
        assert (255 * mine[0] - torch.from_numpy(np.array(small))).abs().max() < 1.01


@pytest.mark.parametrize(
    "text",
    ["", "{", "3", "[]", "{}", "[" * 100_000, json.dumps(HEADER | {"scale": 0})]
    + [json.dumps(HEADER | {key: "x"}) for key in ("scale", "classes", "shape", "inputs")]
    + [json.dumps(HEADER | {"inputs": "integers"})]
    + [json.dumps(HEADER | {"inputs": "x", "shape": [4]})]
    + [json.dumps(HEADER | {"inputs": "integers", "shape": [4], "vocabulary": 0})]
    + [json.dumps({key: value for key, value in HEADER.items() if key != "scale"})],
)
def test_a_header_that_is_not_ours(tmp_path, text):
    path = tmp_path / "other.safetensors"
    write(path, arrays(), text)
    with pytest.raises(UserError) as error:
        load(path)
    assert (
        str(error.value) == f"{path}: its header was not written by scripts.prepare_data; remove it"
    )


LABELS = arrays()["train_labels"]


@pytest.mark.parametrize(
    ("header", "changes"),
    [
        ({"shape": [3, 4, 1]}, {}),
        ({"classes": 2}, {}),
        ({}, {"train_labels": LABELS - 1}),
        ({}, {"train_labels": LABELS.astype(np.float64)}),
        ({}, {"train_labels": LABELS[:-1]}),
        ({}, {"test_inputs": arrays()["test_inputs"][..., :1].copy()}),
    ],
)
def test_a_header_that_lies(tmp_path, header, changes):
    path = tmp_path / "lies.safetensors"
    write(path, arrays() | changes, json.dumps(HEADER | header))
    with pytest.raises(UserError) as error:
        load(path)
    assert str(error.value) == f"{path}: its arrays are not what its header says; remove it"


@pytest.mark.parametrize("missing", arrays())
def test_an_array_that_is_missing(tmp_path, missing):
    path = tmp_path / "few.safetensors"
    found = {name: array for name, array in arrays().items() if name != missing}
    write(path, found, json.dumps(HEADER))
    with pytest.raises(UserError, match="not a readable safetensors file"):
        load(path)


@pytest.mark.parametrize("change", [{"data_offsets": [0, 1 << 60]}, {"shape": [1 << 40]}, {}])
def test_a_safetensors_header_that_lies(path, change):
    content = path.read_bytes()
    head = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    head["train_labels"] |= change
    head["__metadata__"]["sum"] = checksum.SLOT
    text = json.dumps(head).encode()
    length = len(text) if change else 1 << 60
    path.write_bytes(checksum.filled(length.to_bytes(8, "little") + text + content[-8:]))
    with pytest.raises(UserError, match="not a readable safetensors file") as error:
        load(path)
    assert "\n" not in str(error.value)


@pytest.fixture
def sequences(tokens, tmp_path):
    """The arrays of a kind that gives integers, as prepared and as written."""
    arrays, header = prepare("mine", tokens.ENTRY)
    path = tmp_path / "mine.safetensors"
    prepare_data.write(arrays, header, path)
    return arrays, path


def test_integers_are_read_as_they_are(sequences):
    arrays, path = sequences
    data = load(path, train_size=9)
    assert arrays["train_inputs"].dtype == np.int32
    for split, size in (("train", 9), ("test", 6)):
        inputs, labels = getattr(data, f"{split}_inputs"), getattr(data, f"{split}_labels")
        assert (inputs.dtype, labels.dtype) == (torch.int64, torch.int64)
        np.testing.assert_array_equal(inputs, arrays[f"{split}_inputs"][:size])
        np.testing.assert_array_equal(labels, arrays[f"{split}_labels"][:size])
    assert (data.header["shape"], data.header["vocabulary"], data.classes) == ([5], 7, 3)
    assert "scale" not in data.header


def test_the_same_integers_give_the_same_bytes(sequences, tokens, tmp_path):
    prepare_data.write(*prepare("mine", tokens.ENTRY), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == sequences[1].read_bytes()


def test_an_entry_with_another_vocabulary_is_refused(tokens):
    with pytest.raises(UserError, match="vocabulary is 8; the data have 7"):
        prepare("mine", tokens.ENTRY | {"vocabulary": 8})


def test_an_entry_of_a_new_kind_without_what_it_requires(tokens):
    entry = {key: value for key, value in tokens.ENTRY.items() if key != "train"}
    with pytest.raises(UserError, match="train is missing from its entry of kind tokens"):
        prepare("mine", entry)


@pytest.mark.parametrize(("key", "value"), [("mean", 0.5), ("std", [1.0]), ("resize", 8)])
def test_integers_are_not_standardised(sequences, key, value):
    with pytest.raises(UserError) as error:
        load(sequences[1], **{key: value})
    said = (
        f"mine.safetensors: data.{key} is {value!r}; allowed: null, because its inputs are integers"
    )
    assert str(error.value) == said


def test_large_integers_are_streamed(sequences, monkeypatch):
    held = load(sequences[1])
    monkeypatch.setattr("latephase.datasets.stored.HELD_BYTES", 12 * 5 * 8 - 1)
    data = load(sequences[1])
    assert isinstance(data.train_inputs, Streamed)
    assert isinstance(data.test_inputs, torch.Tensor)
    rows = data.train_inputs[torch.tensor([7, 0])]
    assert rows.dtype == torch.int64
    assert torch.equal(rows, held.train_inputs[[7, 0]])


@pytest.mark.parametrize("vocabulary", [7, None])
@pytest.mark.parametrize("wrong", [-1, 7])
def test_integers_outside_their_vocabulary(tmp_path, vocabulary, wrong):
    """In what is read; where no vocabulary is stated anything goes."""
    inputs = np.full((6, 5), 6)
    inputs[4, 2] = wrong
    labels = np.arange(6) % 3
    stored = {"train_inputs": inputs, "test_inputs": inputs[:3], "train_labels": labels}
    header = {key: value for key, value in HEADER.items() if key != "scale"}
    header |= {"inputs": "integers", "shape": [5]}
    header |= {} if vocabulary is None else {"vocabulary": vocabulary}
    path = tmp_path / "x.safetensors"
    write(path, stored | {"test_labels": labels[:3]}, json.dumps(header))
    assert len(load(path, train_size=4).train_inputs) == 4
    if vocabulary is None:
        assert load(path).train_inputs[4, 2] == wrong
    else:
        with pytest.raises(UserError, match="its arrays are not what its header says"):
            load(path)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_integers_that_are_none(tmp_path, dtype):
    stored = arrays() | {"train_inputs": np.ones((8, 5), dtype)}
    stored |= {"test_inputs": np.ones((4, 5), dtype)}
    path = tmp_path / "x.safetensors"
    write(path, stored, json.dumps(HEADER | {"inputs": "integers", "shape": [5]}))
    with pytest.raises(UserError, match="its arrays are not what its header says"):
        load(path)
