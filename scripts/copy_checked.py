"""Copy a file, and check that its content is the same as when the job was planned.

    python -m scripts.copy_checked --source weights/tinybert/model.safetensors \\
        --sha256 0c4a… --output resources/weights/0c4a….safetensors
"""

import argparse
import hashlib
from pathlib import Path

from latephase.errors import UserError, reporting
from latephase.storage.atomic import replacing


def copy(source: Path, sha256: str, output: Path) -> None:
    """Copy a file. Raises UserError if it cannot be read, or if it has another sha256."""
    try:
        content = source.read_bytes()
    except OSError as error:
        raise UserError(f"{source}: cannot be read ({error.strerror})") from None
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise UserError(
            f"{source}: its sha256 is {found}; allowed: {sha256}, as when this job was planned"
        )
    with replacing(output) as part:
        part.write_bytes(content)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--sha256", required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    copy(args.source, args.sha256, args.output)


if __name__ == "__main__":
    with reporting():
        main()
