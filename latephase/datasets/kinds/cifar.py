"""CIFAR-10 and similar sets: a .tar.gz of records, each with label bytes and an image.

The image is stored channel by channel.
"""

import gzip
import io
import math
import tarfile
import zlib

import numpy as np

from latephase.datasets import Places
from latephase.datasets.download import find
from latephase.errors import UserError

SCHEMA = {
    "required": [
        "variant",
        "shape",
        "classes",
        "train",
        "test",
        "scale",
        "label_bytes",
        "archive",
        "batches",
    ],
    "properties": {
        "variant": {"$ref": "#/$defs/variant"},
        "shape": {"$ref": "#/$defs/image_shape"},
        "classes": {"$ref": "#/$defs/classes"},
        "train": {"$ref": "#/$defs/size"},
        "test": {"$ref": "#/$defs/size"},
        "scale": {"const": 255},
        # The number of bytes before each image. The last of them is the label.
        "label_bytes": {"type": "integer", "minimum": 1},
        "archive": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "urls", "sha256", "bytes"],
            "properties": {
                "name": {"$ref": "#/$defs/file_name"},
                "urls": {"$ref": "#/$defs/urls"},
                # Both describe the compressed archive.
                "sha256": {"$ref": "#/$defs/sha256"},
                "bytes": {"$ref": "#/$defs/size"},
            },
        },
        # The names of the files in the archive, in order.
        "batches": {
            "type": "object",
            "additionalProperties": False,
            "required": ["train", "test"],
            "properties": {
                "train": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "string", "pattern": "^[A-Za-z0-9._-]+$"},
                },
                "test": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "string", "pattern": "^[A-Za-z0-9._-]+$"},
                },
            },
        },
    },
}


def parse(content: bytes, shape: list[int], label_bytes: int, name: str) -> tuple[np.ndarray, ...]:
    """Images uint8 [N, C, H, W] and labels int64 [N] of the records of a batch.

    If there are several label bytes (CIFAR-100: coarse, fine), the last one counts. Raises
    UserError with the batch's ``name`` unless the content consists of whole records.
    """
    record = label_bytes + math.prod(shape)
    if not content or len(content) % record:
        raise UserError(f"{name}: holds {len(content)} bytes; allowed: a multiple of {record}")
    records = np.frombuffer(content, np.uint8).reshape(-1, record)
    labels = records[:, label_bytes - 1].astype(np.int64)
    return records[:, label_bytes:].reshape(-1, *shape), labels


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray], dict]:
    """Images [N, C, H, W] with values 0..255 and their labels, in the order of the batches."""
    file, shape, classes = entry["archive"], entry["shape"], entry["classes"]
    archive = find(name, file, mirror=places.mirror, cache=places.cache, unpack=False)
    wanted = [batch for split in ("train", "test") for batch in entry["batches"][split]]
    contents = _members(archive, wanted, file["name"])
    arrays = {}
    for split in ("train", "test"):
        parsed = [
            parse(contents[batch], shape, entry["label_bytes"], batch)
            for batch in entry["batches"][split]
        ]
        images, labels = (np.concatenate(parts) for parts in zip(*parsed, strict=True))
        if labels.max() >= classes:
            raise UserError(
                f"{file['name']}: {split} holds label {labels.max()}; allowed: 0..{classes - 1}"
            )
        arrays |= {f"{split}_inputs": images, f"{split}_labels": labels}
    facts = {
        "variant": entry["variant"],
        "source": file["urls"][0],
        "sha256": {file["name"]: file["sha256"]},
        "classes": classes,
        "shape": list(shape),
        "scale": 255,
    }
    return arrays, facts


def _members(archive: bytes, wanted: list[str], name: str) -> dict[str, bytes]:
    """The files of these names in a .tar.gz, in any of its folders. None is written to disk."""
    found = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            for member in tar:
                base = member.name.rsplit("/", 1)[-1]
                if base in wanted and member.isreg():
                    found[base] = tar.extractfile(member).read()
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f"{name}: not a complete .tar.gz ({error})") from None
    if missing := [batch for batch in wanted if batch not in found]:
        raise UserError(f"{name}: {missing[0]} is not in it; allowed: {', '.join(wanted)}")
    return found
