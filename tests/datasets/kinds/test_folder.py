"""A user's folder of images: names, then images, each checked; one line for what is wrong."""

import os
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from latephase.datasets.kinds import folder
from latephase.datasets.pieces import pieces_of
from latephase.datasets.prepare import prepare
from latephase.errors import UserError
from tests.folders import image_folder, save_image

ENTRY = {"kind": "folder", "shape": [3, 16, 16]}


@pytest.fixture
def images(tmp_path):
    return image_folder(tmp_path / "images", classes=3)


def read(path, entry=ENTRY):
    """The arrays, whole, and the header."""
    arrays, header = prepare("mine", entry, folder=path)
    return {name: np.concatenate(list(pieces_of(a))) for name, a in arrays.items()}, header


def refusal(path):
    """What reading says, in one line that names a file of the folder."""
    with pytest.raises(UserError) as error:
        folder.entry_of(path)
        read(path)
    line = str(error.value)
    assert line.startswith(str(path))
    assert "\n" not in line
    return line


def test_sizes_are_a_catalog_entry(images):
    entry = folder.entry_of(images, side=16)
    expected = {"kind": "folder", "variant": "user", "shape": [3, 16, 16], "classes": 3}
    assert entry == expected | {"train": 12, "test": 6, "scale": 255}
    arrays, header = read(images, entry)
    assert arrays["train_inputs"].shape == (12, 3, 16, 16)
    assert arrays["train_inputs"].dtype == np.uint8
    assert header["source"] == "a folder of images, shorter side 18, centre 16"
    assert header["sha256"] == {"names": folder.listing(images)}


def test_classes_come_in_turn(tmp_path):
    """Also where they are of several sizes: the first n are of all alike, while there are any."""
    path = image_folder(tmp_path / "images", classes=3)
    for name in ("b/2.png", "b/3.png", "c/3.png"):
        (path / "train" / name).unlink()
    arrays, _ = read(path)
    assert arrays["train_labels"].tolist() == [0, 1, 2, 0, 1, 2, 0, 2, 0]
    first = [str(file.relative_to(path)) for file, _ in folder.images(path, "train")][:4]
    assert first == ["train/a/0.png", "train/b/0.png", "train/c/0.png", "train/a/1.png"]
    for (file, label), found, stored in zip(
        folder.images(path, "train"),
        arrays["train_inputs"],
        arrays["train_labels"],
        strict=True,
    ):
        assert label == stored
        np.testing.assert_array_equal(found, folder.image_of(file, 16))


@pytest.mark.parametrize("size", [(37, 20), (20, 37), (16, 16), (200, 31), (18, 18)])
def test_an_image_is_resized_and_cropped_as_torchvision_does(tmp_path, size):
    """Its Resize(8/7 of the side) and CenterCrop(side), by their documented roundings."""
    save_image(tmp_path / "x.png", size, seed=1)
    image = Image.open(tmp_path / "x.png")
    if size[0] <= size[1]:
        small = image.resize((18, int(18 * size[1] / size[0])), Image.Resampling.BILINEAR)
    else:
        small = image.resize((int(18 * size[0] / size[1]), 18), Image.Resampling.BILINEAR)
    left, top = (round((side - 16) / 2.0) for side in small.size)
    expected = np.asarray(small)[top : top + 16, left : left + 16].transpose(2, 0, 1)
    np.testing.assert_array_equal(folder.image_of(tmp_path / "x.png", 16), expected)


def test_224_is_of_256(tmp_path):
    save_image(tmp_path / "x.png", (512, 512))
    whole = Image.open(tmp_path / "x.png").resize((256, 256), Image.Resampling.BILINEAR)
    expected = np.asarray(whole)[16:240, 16:240].transpose(2, 0, 1)
    np.testing.assert_array_equal(folder.image_of(tmp_path / "x.png", 224), expected)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1"])
def test_every_image_of_bytes_becomes_rgb(tmp_path, mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    Image.new(mode, (20, 20)).save(tmp_path / "x.png", kind)  # the content says what it is
    assert folder.image_of(tmp_path / "x.png", 16).shape == (3, 16, 16)


def test_names_in_capitals_links_and_what_is_hidden(images, tmp_path):
    (images / "train/a/0.png").rename(images / "train/a/0.JPEG")
    (images / "train/a/.DS_Store").write_bytes(b"?")
    (images / "train/.git").mkdir()
    (images / "train/README").write_text("of all classes")
    (images / "val").rename(tmp_path / "elsewhere")
    (images / "val").symlink_to(tmp_path / "elsewhere")
    (images / "val/a/0.png").rename(tmp_path / "one.png")
    (images / "val/a/0.png").symlink_to(tmp_path / "one.png")
    sizes = folder.entry_of(images)
    assert (sizes["train"], sizes["test"], sizes["classes"]) == (12, 6, 3)
    read(images)


def test_threads_change_nothing(images):
    arrays, header = prepare("mine", ENTRY, folder=images, threads=4)
    expected, same = read(images)
    assert header == same
    for name, array in arrays.items():
        np.testing.assert_array_equal(np.concatenate(list(pieces_of(array))), expected[name])


def test_images_are_read_a_few_at_a_time(images, monkeypatch):
    monkeypatch.setattr(folder, "AT_ONCE", 5)
    arrays, _ = prepare("mine", ENTRY, folder=images)
    assert [len(piece) for piece in pieces_of(arrays["train_inputs"])] == [5, 5, 2]


def test_the_listing_is_of_names_and_splits(images):
    before = folder.listing(images)
    os.utime(images / "train/a/0.png", (1, 1))
    assert folder.listing(images) == before
    seen = {before}
    for old, new in (("train/a/0.png", "train/a/9.png"), ("val/b/0.png", "train/b/8.png")):
        (images / old).rename(images / new)
        seen.add(folder.listing(images))
    assert len(seen) == 3


@pytest.mark.parametrize("shape", [[1, 16, 16], [3, 16, 8], [3, 0, 0], [3, 16], [3, 1.5, 1.5], 16])
def test_inputs_are_of_three_colours_and_square(images, shape):
    with pytest.raises(UserError, match=r"data set mine: shape is .*; allowed: \[3, side, side\]"):
        prepare("mine", ENTRY | {"shape": shape}, folder=images)


def break_val_class(path):
    for file in (path / "val/c").iterdir():
        file.unlink()
    (path / "val/c").rmdir()


def empty_class(path):
    for file in (path / "train/b").iterdir():
        file.unlink()


def write(name, content):
    return lambda path: (path / name).write_bytes(content)


def fifo(path):
    os.mkfifo(path / "train/a/pipe.png")


def dangling(path):
    (path / "val/a/gone.png").symlink_to(path / "nowhere.png")


def loop(path):
    (path / "val/a/loop.png").symlink_to(path / "val/a/loop.png")


def truncated(path):
    file = path / "train/a/0.png"
    file.write_bytes(file.read_bytes()[:-40])


def bomb(path):
    """A PNG of 200,000 × 200,000 pixels in a few bytes, by its header."""

    def chunk(kind, body):
        total = zlib.crc32(kind + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + kind + body + total

    sides = (200_000).to_bytes(4, "big") * 2
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", sides + b"\x08\x02\x00\x00\x00")
    content += chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    (path / "train/a/0.png").write_bytes(content)


def ribbon(path):
    save_image(path / "train/a/0.png", (2000, 2))


def deep(path):
    Image.new("I;16", (20, 20)).save(path / "train/a/0.png")


def gif(path):
    Image.new("RGB", (20, 20)).save(path / "train/a/0.png", "GIF")


def no_val(path):
    (path / "val").rename(path / "test")


def one_class(path):
    for name in ("a", "b"):
        (path / "train" / name).rename(path / name)


WRONG = {
    "val lacks a class": (break_val_class, "val: has no class c; allowed: the same classes in"),
    "val has one more": (lambda p: (p / "val/z").mkdir(), "train: has no class z; allowed"),
    "a class is empty": (
        empty_class,
        "train/b: holds no image; allowed: at least one for each class",
    ),
    "no val": (no_val, "val: cannot be listed (No such file or directory); allowed: a folder"),
    "one class": (one_class, "train: holds 1 folders; allowed: at least 2, one for each class"),
    "another file": (write("train/a/x.webp", b"?"), "x.webp: not an image; allowed: .jpg, .jpeg"),
    "a pipe": (fifo, "train/a/pipe.png: not a file; allowed: a file, or a link to one"),
    "a link to nothing": (dangling, "val/a/gone.png: not a file"),
    "a link to itself": (loop, "val/a/loop.png: not a file"),
    "a folder": (lambda p: (p / "val/a/x.png").mkdir(), "val/a/x.png: not a file"),
    "no image": (write("train/a/0.png", b"\x89PNG"), "train/a/0.png: not a complete JPEG or PNG"),
    "nothing": (write("train/a/0.png", b""), "train/a/0.png: not a complete JPEG or PNG"),
    "half of one": (truncated, "train/a/0.png: not a complete JPEG or PNG"),
    "another kind": (gif, "train/a/0.png: not a complete JPEG or PNG"),
    "a bomb": (bomb, "has 200000 x 200000 pixels; allowed: 100,000,000 in all"),
    "a ribbon": (ribbon, "has 2000 x 2 pixels; allowed: sides of at most 1:50"),
    "16 bits": (deep, "holds values of more than a byte (I;16); allowed: 8 bits each"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_one_line(images, what):
    change, said = WRONG[what]
    change(images)
    assert said in refusal(images)


def test_a_name_with_a_line_break_is_still_one_line(images):
    (images / "train/a/x\ny.webp").write_bytes(b"?")
    with pytest.raises(UserError) as error:
        folder.entry_of(images)
    assert "\n" not in str(error.value)
    assert "x\\ny.webp" in str(error.value)


def test_another_number_of_images_than_the_catalog_says(images):
    with pytest.raises(UserError, match="data set mine: train is 13; the data have 12"):
        prepare("mine", ENTRY | {"train": 13}, folder=images)


@pytest.mark.parametrize(
    ("entry", "places", "said"),
    [
        ({"kind": "folder"}, {}, "kind folder needs a folder; give it with --folder FOLDER"),
        ({"kind": "npz"}, {"folder": "x"}, "x: given for data set mine, whose kind is npz"),
    ],
)
def test_a_folder_is_of_its_kind(entry, places, said):
    with pytest.raises(UserError, match=said):
        prepare("mine", entry, **places)


def test_names_need_neither_numpy_nor_pillow(images):
    code = (
        "import sys; from latephase.datasets.kinds.folder import entry_of; "
        f"entry_of({str(images)!r}); print({{'numpy', 'torch', 'PIL'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
