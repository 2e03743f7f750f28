"""A user's own folder of images, such as ImageNet's: see :mod:`latephase.datasets.folder_header`.

An image is brought to inputs as torchvision's Resize and CenterCrop do: bilinearly, its shorter
side to 8/7 of the inputs' (256 for 224), then the middle. Nothing is augmented: zhao2026 states so
of its main grid, and says nothing else of ImageNet.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from latephase.datasets import Places
from latephase.datasets.folder_header import SIDE, folder_classes, images, listing, shown
from latephase.datasets.pieces import Pieces
from latephase.errors import UserError

LARGEST = 100_000_000
"""Pixels of an image: 300 MB once it is unpacked, whatever the file takes."""
LONGEST = 50
"""How many times as long as wide an image may be: what is brought to a shorter side grows so."""
AT_ONCE = 256
"""Images in memory."""
BYTES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
"""Pillow's modes of at most a byte a value, which it can turn into RGB without loss of range."""


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray | Pieces], dict]:
    """Images [N, 3, side, side] uint8, in pieces, and labels [N]: in turn one of each class.

    The side is that of the entry's shape. Raises UserError, while it reads, for what is no whole
    JPEG or PNG of a byte a value, or too large or too narrow (``LARGEST``, ``LONGEST``).
    """
    path = places.folder
    if path is None:
        raise UserError(
            f"data set {name}: kind folder needs a folder; give it with --folder FOLDER"
        )
    shape = entry.get("shape", [3, SIDE, SIDE])
    if not _square(shape):
        raise UserError(f"data set {name}: shape is {shape}; allowed: [3, side, side]")
    # Pillow warns of large images by a warning, or raises; here they are refused in one line.
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
        "classes": len(folder_classes(path)),
        "shape": list(shape),
        "scale": 255,
    }
    return arrays, facts


def _square(shape: list[int]) -> bool:
    """Whether inputs of a shape are colour images as high as wide."""
    numbers = isinstance(shape, list) and all(isinstance(n, int) and n > 0 for n in shape)
    return numbers and len(shape) == 3 and shape[0] == 3 and shape[1] == shape[2]


def _pieces(files: tuple[Path, ...], shape: list[int], threads: int) -> Pieces:
    def make() -> Iterator[np.ndarray]:
        # Threads: Pillow unpacks and resizes without Python's lock.
        with ThreadPoolExecutor(threads) as pool:
            for i in range(0, len(files), AT_ONCE):
                some = files[i : i + AT_ONCE]
                yield np.stack(list(pool.map(lambda file: image_of(file, shape[1]), some)))

    return Pieces((len(files), *shape), np.dtype(np.uint8), make)


def image_of(path: Path, side: int) -> np.ndarray:
    """One image as an input, uint8 [3, side, side]. Raises UserError as :func:`read` says."""
    try:
        # What it is says the content, not the name: ImageNet has a PNG called .JPEG.
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            _check(path, image)
            image.load()
            return np.asarray(cropped(image.convert("RGB"), side)).transpose(2, 0, 1)
    # What Pillow raises on damaged files; SyntaxError is a PNG's.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError) as error:
        text = " ".join(str(error).replace(str(path), "it").split()) or type(error).__name__
        raise UserError(f"{shown(path)}: not a whole JPEG or PNG ({text})") from None


def cropped(image: Image.Image, side: int) -> Image.Image:
    """The middle of an image whose shorter side is 8/7 of this, by torchvision's roundings."""
    shorter, (width, height) = _shorter(side), image.size
    longer = int(shorter * max(width, height) / min(width, height))
    width, height = (shorter, longer) if width <= height else (longer, shorter)
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    left, top = round((width - side) / 2), round((height - side) / 2)
    return image.crop((left, top, left + side, top + side))


def _shorter(side: int) -> int:
    return round(side * 8 / 7)


def _check(path: Path, image: Image.Image) -> None:
    """Refuse an image by its header, before it is unpacked."""
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
