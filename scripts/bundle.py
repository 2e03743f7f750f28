r"""A figure in one file, for a paper's supplement: picture, numbers, data, program, provenance.

    python -m scripts.bundle --figure sakamoto2026_fig3 --script sakamoto2026_fig3 --note "…" \
        --picture results/quick/figures/sakamoto2026_fig3.{pdf,png,csv} \
        --code latephase/plots.py scripts/figures/sakamoto2026_fig3.py \
        --table table=results/quick/studies/weight_decay_mlp.parquet --options weight-decay=0.3 \
        --packs results/packs/P1 --study '{…}' --output results/quick/bundles/sakamoto2026_fig3.zip

Unpacked, its REDRAW.txt has the command that draws the figure again, from what is in it alone.
"""

import argparse
import hashlib
import json
import shlex
import subprocess
import zipfile
from importlib.metadata import version
from pathlib import Path

from latephase.errors import reporting
from latephase.writing import replacing

LIBRARIES = ("matplotlib", "numpy", "pandas", "pyarrow", "scipy", "seaborn")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: the same bytes every time


def named(text: str) -> tuple[str, str]:
    """``name=value``."""
    name, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not name=value")
    return name, value


def commit() -> str | None:
    """The commit that is checked out, marked where files differ from it; None without git."""
    asked = ("git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")
    try:
        done = subprocess.run(asked, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None


def contents(args: argparse.Namespace) -> dict[str, bytes]:
    """What goes into the bundle, by its name there."""
    files = {f"figure/{path.name}": path.read_bytes() for path in args.picture}
    places = {name: [Path(path) for path in paths.split(",")] for name, paths in args.table}
    tables = {n: ",".join(f"data/{path.name}" for path in paths) for n, paths in places.items()}
    files |= {f"data/{p.name}": p.read_bytes() for paths in places.values() for p in paths}
    files |= {path: Path(path).read_bytes() for path in args.code}
    command = redraw(args.script, tables, dict(args.options), args.note)
    files["REDRAW.txt"] = command.encode()
    provenance = {
        "figure": args.figure,
        "note": args.note,
        "commit": commit(),
        "drawn_with": {name: version(name) for name in LIBRARIES},
        "study": args.study,
        "trainings": {
            folder.name: json.loads((folder / "timing.json").read_text()) for folder in args.packs
        },
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    text = json.dumps(provenance, indent=1, sort_keys=True) + "\n"
    return files | {"provenance.json": text.encode()}


def redraw(script: str, tables: dict[str, str], options: dict[str, str], note: str) -> str:
    """The command that draws the figure again, in the unpacked bundle."""
    given = [f"--{name}={value}" for name, value in (tables | options).items()]
    places = [f"--{kind}=redrawn.{kind}" for kind in ("pdf", "png", "csv")]
    words = ["python", "-m", f"scripts.figures.{script}", *given, f"--title-note={note}", *places]
    return shlex.join(words) + "\n"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figure", required=True)
    parser.add_argument("--script", required=True, help="its program in scripts/figures")
    parser.add_argument("--note", required=True, help="what the data are, in a few words")
    parser.add_argument("--picture", nargs="+", type=Path, required=True)
    parser.add_argument("--code", nargs="+", required=True)
    parser.add_argument("--table", nargs="+", type=named, required=True, metavar="NAME=FILE")
    parser.add_argument("--options", nargs="*", type=named, default=[], metavar="NAME=VALUE")
    parser.add_argument("--packs", nargs="+", type=Path, required=True, help="folders of packs")
    parser.add_argument("--study", type=json.loads, required=True, help="study at a scale, JSON")
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    files = contents(args)
    with replacing(args.output) as part, zipfile.ZipFile(part, "w") as bundle:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{args.figure}/{name}", LONG_AGO)
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, files[name], zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    with reporting():
        main()
