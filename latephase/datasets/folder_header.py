"""What a user's folder of images holds, from the names in it, by the standard library alone.

The folder is laid out as torchvision's ImageFolder has it, ``train/<class>/*.jpg`` and
``val/<class>/*.jpg``. The Snakefile calls this to check it before anything runs, so it imports
neither NumPy nor torch; :mod:`latephase.datasets.folder` reads the images by these names.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

from latephase.errors import UserError

FOLDERS = {"train": "train", "test": "val"}
"""The folder of each split."""
ENDINGS = (".jpg", ".jpeg", ".png")
"""Of an image's name, in letters of either case."""
SIDE = 224
"""Height and width of an input, where the user asks for no other."""


def folder_classes(path: str | os.PathLike) -> list[str]:
    """The classes of a folder, its subfolders' names in order: class k is the k-th of them.

    Quick, however many images there are: only ``train`` and ``val`` themselves are listed. Raises
    UserError unless both are there and have the same classes, at least two. Other files beside
    the classes, and names that begin with a dot, are passed over.
    """
    found = {
        name: sorted(entry.name for entry in _entries(Path(path) / name) if _is(entry.is_dir))
        for name in FOLDERS.values()
    }
    train, val = found["train"], found["val"]
    if len(train) < 2:
        raise UserError(
            f"{shown(Path(path) / 'train')}: holds {len(train)} folders; "
            "allowed: at least 2, one a class"
        )
    for here, there, name in ((train, val, "val"), (val, train, "train")):
        if strange := sorted({*here} - {*there}):
            raise UserError(
                f"{shown(Path(path) / name)}: has no class {shown(strange[0])}; "
                "allowed: the same classes in train and val"
            )
    return train


def folder_sizes(path: str | os.PathLike, side: int = SIDE) -> dict:
    """Describe a folder as an entry of catalog/datasets.yaml does; every name in it is read.

    Returns {"kind": "folder", "variant": "user", "shape": [3, side, side], "classes": K,
    "train": N, "test": M, "scale": 255}. Raises UserError as :func:`images` does.
    """
    sizes = {split: sum(map(len, by_class(path, split))) for split in FOLDERS}
    shape, classes = [3, side, side], len(folder_classes(path))
    return {"kind": "folder", "variant": "user", "shape": shape, "classes": classes, **sizes} | {
        "scale": 255
    }


def by_class(path: str | os.PathLike, split: str) -> list[list[str]]:
    """The names of a split's images, in order, a list for each class.

    Links are followed, one step down as all else is: a smaller set is often made of links to a
    larger one. Raises UserError for a class without images, for what is not named as an image and
    for what is no plain file.
    """
    found = []
    for label in folder_classes(path):
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
            raise UserError(f"{shown(folder)}: holds no image; allowed: at least one a class")
        found.append(sorted(names))
    return found


def images(path: str | os.PathLike, split: str) -> Iterator[tuple[Path, int]]:
    """Every image of a split with its class: the first of each class, the second of each, …

    So the first n of them, which a study may take, are of all classes alike.
    """
    folder, classes = Path(path) / FOLDERS[split], folder_classes(path)
    for nth in zip_longest(*by_class(path, split)):
        for label, name in enumerate(nth):
            if name is not None:
                yield folder / classes[label] / name, label


def listing(path: str | os.PathLike) -> str:
    """The sha256 of all names that count, in order: what was planned with, and what was read.

    Not of what the files hold, which is too much to read at each call of Snakemake.
    """
    total = hashlib.sha256()
    for split, name in FOLDERS.items():
        for label, names in zip(folder_classes(path), by_class(path, split), strict=True):
            for image in names:
                total.update(os.fsencode(f"{name}/{label}/{image}") + b"\0")
    return total.hexdigest()


def shown(path: str | os.PathLike) -> str:
    """A path in a line of text, whatever characters it has."""
    text = os.fspath(path)
    return text if text.isprintable() else ascii(text)


def _is(kind: Callable[[], bool]) -> bool:
    """What an entry says of itself; of a link that leads to itself it raises."""
    try:
        return kind()
    except OSError:
        return False


def _entries(folder: Path) -> list[os.DirEntry]:
    """What is in a folder, but for what is hidden."""
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise UserError(
            f"{shown(folder)}: cannot be listed ({error.strerror}); allowed: a folder with "
            "train/<class>/ and val/<class>/, images in each"
        ) from None
