r"""Write a data set to one file: arrays, labels, and their provenance in the header.

Examples, from the root of the repository::

    python -m scripts.prepare_data --name mine --npz mine.npz --output results/data/mine.safetensors

    python -m scripts.prepare_data --name images --folder images --entry '{"shape": [3, 64, 64]}' \
        --threads 8 --output results/data/images.safetensors

    entry=$(python -c 'import json, yaml; \
        print(json.dumps(yaml.safe_load(open("catalog/datasets.yaml"))["mnist"]))')
    python -m scripts.prepare_data --name mnist --entry "$entry" --mirror /data/images \
        --cache ~/.cache/latephase --output results/data/mnist.safetensors

A file of your own with the arrays x_train, y_train, x_test and y_test needs no entry. A folder of
your own images, with train/<class>/ and val/<class>/, needs no entry if the inputs should be 224 by
224.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from latephase.datasets.pieces import Pieces
from latephase.datasets.prepare import prepare
from latephase.datasets.safetensors_in_pieces import bytes_of, head_of
from latephase.errors import reporting
from latephase.storage import checksum
from latephase.storage.atomic import replacing
from scripts import given


def optional_path(text: str) -> Path | None:
    """The path, or None if the text is empty. Path("") would be the current folder."""
    return Path(text) if text else None


def write(arrays: dict[str, np.ndarray | Pieces], header: dict, output: Path) -> None:
    """Write ``output`` whole or not at all. The same arrays and header give the same bytes.

    The header also holds a checksum of the file. If an array is in pieces, only one piece at a time
    is in memory.
    """
    metadata = {"latephase": json.dumps(header | {"checksum": checksum.SLOT}, sort_keys=True)}
    with replacing(output) as part, part.open("wb") as file:
        checksum.write_filled(file, head_of(arrays, metadata), bytes_of(arrays))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--name", required=True, help="name of the data set")
    parser.add_argument("--entry", default="{}", help="its entry in the catalog, as JSON")
    # The rule gives every flag. A flag with an empty value counts as not given.
    for flag, text in (
        ("--mirror", "folder of files already downloaded"),
        ("--cache", "folder where downloads are kept"),
        ("--npz", "a file of your own"),
        ("--folder", "a folder of images of your own"),
    ):
        parser.add_argument(flag, type=optional_path, nargs="?", help=text)
    parser.add_argument("--texts", nargs="?", help="texts of your own: what config.yaml says, JSON")
    parser.add_argument(
        "--threads", type=int, default=1, help="how many threads read the images of a folder"
    )
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    places = {key: getattr(args, key) for key in ("mirror", "cache", "npz", "folder", "threads")}
    texts = given.json_object("--texts", args.texts) if args.texts else None
    entry = given.json_object("--entry", args.entry)
    arrays, header = prepare(args.name, entry, texts=texts, **places)
    write(arrays, header, args.output)


if __name__ == "__main__":
    with reporting():
        main()
