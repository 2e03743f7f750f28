"""A folder of small images, as a user may have one."""

from pathlib import Path

import numpy as np
from PIL import Image


def save_image(path: Path, size: tuple[int, int], seed: int = 0) -> None:
    """Noise of this width and height, as a PNG."""
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)


def image_folder(path: Path, classes: int = 2, train: int = 4, val: int = 2) -> Path:
    """Classes a, b, …; images 0.png, 1.png, … of each, of several sizes."""
    for split, count in (("train", train), ("val", val)):
        for label in range(classes):
            folder = path / split / chr(ord("a") + label)
            folder.mkdir(parents=True)
            for i in range(count):
                seed = 100 * label + 10 * i + (split == "val")
                save_image(folder / f"{i}.png", (20 + i, 24 - i), seed)
    return path
