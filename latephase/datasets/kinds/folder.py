"""A folder of images, such as ImageNet's, in the layout of torchvision's ImageFolder.

The images are ``train/<class>/*.jpg`` and ``val/<class>/*.jpg``. The Snakefile checks their names
before anything runs, with the standard library only. So functions that read images import NumPy and
Pillow when they are called.

An image is brought to the size of the inputs as by torchvision's Resize and CenterCrop: its shorter
side is resized bilinearly to 8/7 of theirs (256 for 224), and the centre is cropped. Nothing is
augmented: zhao2026 states this for its main grid, and says nothing else about ImageNet.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from latephase.datasets import Places
from latephase.datasets.pieces import Pieces
from latephase.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

SCHEMA = {
    "required": ["variant", "shape", "classes", "train", "test", "scale"],
    "properties": {
        "variant": {"$ref": "#/$defs/variant"},
        "shape": {"$ref": "#/$defs/image_shape"},
        "classes": {"$ref": "#/$defs/classes"},
        "train": {"$ref": "#/$defs/size"},
        "test": {"$ref": "#/$defs/size"},
        "scale": {"const": 255},
    },
}
FOLDERS = {"train": "train", "test": "val"}
"""The folder of each split."""
ENDINGS = (".jpg", ".jpeg", ".png")
"""The endings of the names of images, in upper or lower case."""
SIDE = 224
"""Height and width of an input, unless the user sets another."""
LARGEST = 100_000_000
"""The largest number of pixels of an image. The image needs three times as many bytes, however
small the file is."""
LONGEST = 50
"""The largest ratio of an image's sides. Resizing an elongated image by its shorter side enlarges
it."""
AT_ONCE = 256
"""How many images are in memory at a time."""
BYTES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
"""Pillow's modes with at most one byte per value, which it converts to RGB without loss of
range."""


def classes_of(path: str | os.PathLike) -> list[str]:
    """The classes of a folder: the names of its subfolders in order. Class k is the k-th of them.

    This is fast for any number of images, because only ``train`` and ``val`` themselves are listed.
    Other files beside the classes, and names that begin with a dot, are ignored. Raises UserError
    unless both folders exist and have the same classes, at least two.
    """
    found = {
        name: sorted(entry.name for entry in _entries(Path(path) / name) if _is(entry.is_dir))
        for name in FOLDERS.values()
    }
    train, val = found["train"], found["val"]
    if len(train) < 2:
        raise UserError(
            f"{shown(Path(path) / 'train')}: holds {len(train)} folders; "
            "allowed: at least 2, one for each class"
        )
    for here, there, name in ((train, val, "val"), (val, train, "train")):
        if strange := sorted({*here} - {*there}):
            raise UserError(
                f"{shown(Path(path) / name)}: has no class {shown(strange[0])}; "
                "allowed: the same classes in train and val"
            )
    return train


def entry_of(path: str | os.PathLike, side: int = SIDE) -> dict:
    """The entry that a folder would have in catalog/datasets.yaml. Every name in it is read.

    Returns {"kind": "folder", "variant": "user", "shape": [3, side, side], "classes": K, "train":
    N, "test": M, "scale": 255}. Raises UserError as :func:`by_class` does.
    """
    return {
        "kind": "folder",
        "variant": "user",
        "shape": [3, side, side],
        "classes": len(classes_of(path)),
        **{split: sum(map(len, by_class(path, split))) for split in FOLDERS},
        "scale": 255,
    }


def by_class(path: str | os.PathLike, split: str) -> list[list[str]]:
    """The names of a split's images in order, one list for each class.

    Links are followed, because a smaller set is often made of links to a larger one. Raises
    UserError as :func:`classes_of` does, and for a class without images, for a name that is not
    that of an image, and for anything that is not a plain file.
    """
    found = []
    for label in classes_of(path):
        folder = Path(path) / FOLDERS[split] / label
        names = []
        for entry in _entries(folder):
            if not entry.name.lower().endswith(ENDINGS):
                allowed = ", ".join(ENDINGS)
                raise UserError(f"{shown(entry.path)}: not an image; allowed: {allowed}")
            if not _is(entry.is_file):
                raise UserError(
                    f"{shown(entry.path)}: not a file; allowed: a file, or a link to one"
                )
            names.append(entry.name)
        if not names:
            raise UserError(
                f"{shown(folder)}: holds no image; allowed: at least one for each class"
            )
        found.append(sorted(names))
    return found


def images(path: str | os.PathLike, split: str) -> Iterator[tuple[Path, int]]:
    """Every image of a split with its class: the first of each class, then the second of each, …

    A study may use the first n of them. In this order they are balanced over the classes.
    """
    folder, classes = Path(path) / FOLDERS[split], classes_of(path)
    for nth in zip_longest(*by_class(path, split)):
        for label, name in enumerate(nth):
            if name is not None:
                yield folder / classes[label] / name, label


def listing(path: str | os.PathLike) -> str:
    """The sha256 of the names of all images, in order.

    It does not include the contents of the files, which are too large to read at each call of
    Snakemake.
    """
    total = hashlib.sha256()
    for split, name in FOLDERS.items():
        for label, names in zip(classes_of(path), by_class(path, split), strict=True):
            for image in names:
                total.update(os.fsencode(f"{name}/{label}/{image}") + b"\0")
    return total.hexdigest()


def shown(path: str | os.PathLike) -> str:
    """A path as printable text, whatever characters it has."""
    text = os.fspath(path)
    return text if text.isprintable() else ascii(text)


def _is(kind: Callable[[], bool]) -> bool:
    """Whether an entry is of a kind. A link that leads to itself is of none."""
    try:
        return kind()
    except OSError:
        return False


def _entries(folder: Path) -> list[os.DirEntry]:
    """The entries of a folder, without names that begin with a dot."""
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise UserError(
            f"{shown(folder)}: cannot be listed ({error.strerror}); allowed: a folder with "
            "train/<class>/ and val/<class>/, images in each"
        ) from None


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray | Pieces], dict]:
    """Images [N, 3, side, side] uint8, in pieces, and labels [N], in the order of :func:`images`.

    The side is that of the entry's shape. Raises UserError as :func:`by_class` does. While the
    pieces are read, it also raises UserError for a file that is not a complete JPEG or PNG with one
    byte per value, and for an image that is too large or too narrow (``LARGEST``, ``LONGEST``).
    """
    import numpy as np
    from PIL import Image

    path = places.folder
    if path is None:
        raise UserError(
            f"data set {name}: kind folder needs a folder; give it with --folder FOLDER"
        )
    shape = entry.get("shape", [3, SIDE, SIDE])
    if not _square(shape):
        raise UserError(f"data set {name}: shape is {shape}; allowed: [3, side, side]")
    # Pillow would warn about a large image or raise an error of its own. _check refuses it in one
    # line.
    Image.MAX_IMAGE_PIXELS = None
    arrays = {}
    for split in ("train", "test"):
        files, labels = zip(*images(path, split), strict=True)
        arrays[f"{split}_inputs"] = _pieces(files, shape, places.threads)
        arrays[f"{split}_labels"] = np.array(labels, np.int64)
    facts = {
        "variant": entry.get("variant", "user"),
        "source": f"a folder of images, shorter side {_shorter(shape[1])}, centre {shape[1]}",
        "sha256": {"names": listing(path)},
        "classes": len(classes_of(path)),
        "shape": list(shape),
        "scale": 255,
    }
    return arrays, facts


def _square(shape: list[int]) -> bool:
    """Whether a shape is that of square colour images."""
    numbers = isinstance(shape, list) and all(isinstance(n, int) and n > 0 for n in shape)
    return numbers and len(shape) == 3 and shape[0] == 3 and shape[1] == shape[2]


def _pieces(files: tuple[Path, ...], shape: list[int], threads: int) -> Pieces:
    import numpy as np

    def make() -> Iterator[np.ndarray]:
        # Threads are enough, because Pillow unpacks and resizes without Python's lock.
        with ThreadPoolExecutor(threads) as pool:
            for i in range(0, len(files), AT_ONCE):
                some = files[i : i + AT_ONCE]
                yield np.stack(list(pool.map(lambda file: image_of(file, shape[1]), some)))

    return Pieces((len(files), *shape), np.dtype(np.uint8), make)


def image_of(path: Path, side: int) -> np.ndarray:
    """One image as an input, uint8 [3, side, side]. Raises UserError as :func:`read` says."""
    import numpy as np
    from PIL import Image

    try:
        # The content decides whether it is a JPEG or a PNG: ImageNet has a PNG called .JPEG.
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            _check(path, image)
            image.load()
            return np.asarray(cropped(image.convert("RGB"), side)).transpose(2, 0, 1)
    # Pillow raises these on damaged files; SyntaxError on a PNG.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError) as error:
        text = " ".join(str(error).replace(str(path), "it").split()) or type(error).__name__
        raise UserError(f"{shown(path)}: not a complete JPEG or PNG ({text})") from None


def cropped(image: Image.Image, side: int) -> Image.Image:
    """The centre of an image whose shorter side was resized to 8/7 of ``side``.

    Sizes are rounded as torchvision rounds them.
    """
    from PIL.Image import Resampling

    shorter, (width, height) = _shorter(side), image.size
    longer = int(shorter * max(width, height) / min(width, height))
    width, height = (shorter, longer) if width <= height else (longer, shorter)
    image = image.resize((width, height), Resampling.BILINEAR)
    left, top = round((width - side) / 2), round((height - side) / 2)
    return image.crop((left, top, left + side, top + side))


def _shorter(side: int) -> int:
    return round(side * 8 / 7)


def _check(path: Path, image: Image.Image) -> None:
    """Refuse an image by its header, before it is unpacked. Raises UserError."""
    width, height = image.size
    if width * height > LARGEST:
        raise UserError(
            f"{shown(path)}: has {width} x {height} pixels; allowed: {LARGEST:,} in all"
        )
    if max(width, height) > LONGEST * min(width, height):
        raise UserError(
            f"{shown(path)}: has {width} x {height} pixels; allowed: sides of at most 1:{LONGEST}"
        )
    if image.mode not in BYTES:
        raise UserError(
            f"{shown(path)}: holds values of more than a byte ({image.mode}); allowed: 8 bits each"
        )
