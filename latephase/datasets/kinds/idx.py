"""MNIST and similar sets: four IDX files (Y. LeCun's format, big-endian), one byte per value."""

import math
import struct

import numpy as np

from latephase.datasets import Places
from latephase.datasets.download import find
from latephase.errors import UserError

SCHEMA = {
    "required": ["variant", "shape", "classes", "train", "test", "scale", "files"],
    "properties": {
        "variant": {"$ref": "#/$defs/variant"},
        "shape": {"$ref": "#/$defs/image_shape"},
        "classes": {"$ref": "#/$defs/classes"},
        "train": {"$ref": "#/$defs/size"},
        "test": {"$ref": "#/$defs/size"},
        "scale": {"const": 255},
        "files": {
            "type": "object",
            "additionalProperties": False,
            "required": ["train_inputs", "train_labels", "test_inputs", "test_labels"],
            "properties": {
                "train_inputs": {"$ref": "#/$defs/file"},
                "train_labels": {"$ref": "#/$defs/file"},
                "test_inputs": {"$ref": "#/$defs/file"},
                "test_labels": {"$ref": "#/$defs/file"},
            },
        },
    },
}

UNSIGNED_BYTE = 0x08


def parse(content: bytes, dimensions: int, name: str) -> np.ndarray:
    """The uint8 array with ``dimensions`` axes in the bytes of an IDX file.

    The layout is: two zero bytes, the type code, the number of axes, one uint32 for each size, and
    the values. Raises UserError with the file's ``name`` unless the length is exactly that of the
    sizes.
    """
    expected = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    if content[:4] != expected:
        raise UserError(
            f"{name}: magic number is 0x{content[:4].hex()}; "
            f"allowed: 0x{expected.hex()} (IDX, unsigned byte, {dimensions} axes)"
        )
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise UserError(f"{name}: header has {len(content)} bytes; an IDX header has {start}")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    values, needed = len(content) - start, math.prod(shape)
    if values != needed:
        raise UserError(f"{name}: holds {values} values; its header says {shape}, {needed} values")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray], dict]:
    """Images [N, 1, H, W] with values 0..255 and their labels, in the order of the files."""
    arrays, classes = {}, entry["classes"]
    for role, file in entry["files"].items():
        inputs = role.endswith("inputs")
        shape = (entry[role.partition("_")[0]], *(entry["shape"] if inputs else ()))
        sized = file | {"bytes": 4 + 4 * (3 if inputs else 1) + math.prod(shape)}
        content = find(name, sized, mirror=places.mirror, cache=places.cache)
        array = parse(content, 3 if inputs else 1, file["name"])
        arrays[role] = array[:, None] if inputs else array.astype(np.int64)
    for split in ("train", "test"):
        images, labels = arrays[f"{split}_inputs"], arrays[f"{split}_labels"]
        labels_name = entry["files"][f"{split}_labels"]["name"]
        if len(images) != len(labels):
            raise UserError(
                f"{labels_name}: holds {len(labels)} labels; "
                f"allowed: one for each of the {len(images)} images"
            )
        if labels.max(initial=0) >= classes:
            raise UserError(f"{labels_name}: holds label {labels.max()}; allowed: 0..{classes - 1}")
        if images.shape[1:] != tuple(entry["shape"]):
            raise UserError(
                f"{entry['files'][f'{split}_inputs']['name']}: images are "
                f"{list(images.shape[1:])}; allowed: {entry['shape']}"
            )
    facts = {
        "variant": entry["variant"],
        # The sha256 identify the content. The copy that was read must not change the result.
        "source": entry["files"]["train_inputs"]["urls"][0].rsplit("/", 1)[0] + "/",
        "sha256": {file["name"]: file["sha256"] for file in entry["files"].values()},
        "classes": classes,
        "shape": list(entry["shape"]),
        "scale": 255,
    }
    return arrays, facts
