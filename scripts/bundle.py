r"""Put a figure in one file: picture, numbers, data, program, provenance.

    python -m scripts.bundle --figure sakamoto2026_fig3 --script over_time --title "…" --note "…" \
        --picture results/quick/figures/sakamoto2026_fig3.{pdf,png,csv} \
        --code latephase/drawing/style.py scripts/figures/over_time.py \
        --options '{"weight_decay": 0.3}' --packs results/packs --pack P1 --studies '{…}' \
        --output results/quick/bundles/sakamoto2026_fig3.zip \
        --files --data results/quick/studies/weight_decay_mlp.parquet

Such a bundle can be the supplement of a paper. ``--files`` comes last. What follows it are the
arguments with which the figure's program reads its data. The file REDRAW.txt in the bundle has the
command that draws the figure again, from the content of the bundle alone.
"""

import argparse
import hashlib
import json
import shlex
import zipfile
from importlib.metadata import version
from pathlib import Path

from latephase.errors import reporting
from latephase.storage.atomic import replacing
from scripts import given
from scripts.checked_out import commit

LIBRARIES = ("matplotlib", "numpy", "pandas", "pyarrow", "scipy", "seaborn")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip, so that bytes are always the same


def contents(args: argparse.Namespace) -> dict[str, bytes]:
    """The content of the bundle's files, by their names."""
    files = {f"figure/{path.name}": path.read_bytes() for path in args.picture}
    data = {word: Path(word) for word in args.files if not word.startswith("--")}
    files |= {f"data/{path.name}": path.read_bytes() for path in data.values()}
    files |= {path: Path(path).read_bytes() for path in args.code}
    inside = [f"data/{data[word].name}" if word in data else word for word in args.files]
    files["REDRAW.txt"] = redraw(args.script, inside, args.options, args.title, args.note).encode()
    provenance = {
        "figure": args.figure,
        "note": args.note,
        "commit": commit(),
        "drawn_with": {name: version(name) for name in LIBRARIES},
        "studies": args.studies,
        "trainings": {
            pack: json.loads((args.packs / pack / "timing.json").read_text())
            for pack in given.names(args.pack)
        },
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    text = json.dumps(provenance, indent=1, sort_keys=True) + "\n"
    return files | {"provenance.json": text.encode()}


def redraw(script: str, files: list[str], options: str, title: str, note: str) -> str:
    """The command that draws the figure again in the folder of the unpacked bundle."""
    places = [f"--{kind}=redrawn.{kind}" for kind in ("pdf", "png", "csv")]
    head = [f"--title={title}", f"--title-note={note}"]
    given = [*files, f"--options={options}", *head, *places]
    return shlex.join(["python", "-m", f"scripts.figures.{script}", *given]) + "\n"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figure", required=True)
    parser.add_argument("--script", required=True, help="its program in scripts/figures")
    parser.add_argument("--title", required=True)
    parser.add_argument("--note", required=True, help="what the data are, in a few words")
    parser.add_argument("--picture", nargs="+", type=Path, required=True)
    parser.add_argument("--code", nargs="+", required=True)
    parser.add_argument("--options", default="{}", help="the program's options, JSON")
    parser.add_argument("--packs", type=Path, required=True, help="folder of all packs")
    parser.add_argument(
        "--pack", nargs="+", required=True, help="names of packs; - reads them from standard input"
    )
    parser.add_argument("--studies", type=json.loads, required=True, help="their settings, JSON")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--files", nargs=argparse.REMAINDER, required=True, metavar="--NAME FILE")
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
