"""Keep a file of weights under the sha256 of what it holds, where models look for it.

    python -m scripts.prepare_weights --source weights/tinybert/model.safetensors \\
        --sha256 0c4a… --output resources/weights/0c4a….safetensors
"""

import argparse
import hashlib
from pathlib import Path

from latephase.errors import UserError, reporting
from latephase.storage.atomic import replacing


def keep(source: Path, sha256: str, output: Path) -> None:
    """Copy a file. Raises UserError where it does not hold what it is said to hold."""
    content = source.read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise UserError(
            f"{source}: its sha256 is {found}; allowed: {sha256}, as when this job was planned; "
            "run again"
        )
    with replacing(output) as part:
        part.write_bytes(content)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--sha256", required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    keep(args.source, args.sha256, args.output)


if __name__ == "__main__":
    with reporting():
        main()
