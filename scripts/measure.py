r"""Measure the checkpoints of any training: a file with a row per step and a column per metric.

    python -m scripts.measure --model my_model.py:Net --checkpoints runs/42 --data digits.npz \
        --output metrics.parquet --picture overview.png

Nothing is trained, and no YAML is needed. docs/checkpoints.md says which files can be read, and how
a study does the same with several seeds and with figures.
"""

import argparse
import errno
import importlib
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from latephase.catalog import outside
from latephase.catalog.check_schema import check
from latephase.catalog.check_settings import check_metric
from latephase.catalog.strict_yaml import read_yaml
from latephase.datasets import stored
from latephase.drawing import style
from latephase.errors import UserError, reporting
from latephase.measuring.conversion import convert
from latephase.measuring.over_checkpoints import Measure, rows
from latephase.metrics import families
from latephase.runs import code_digest, declared, grid, own_code, packs, spec
from latephase.runs import outside as made_elsewhere
from latephase.runs.history import DIVERGED_AT, HISTORY
from latephase.storage import csv_file, parquet
from scripts import aggregate, device, given, prepare_data
from scripts.extract import encode_inputs, own
from scripts.figures import atlas_overview

FLAGS = {
    "model.file": "--model",
    "model.class": "--model",
    "checkpoints": "--checkpoints",
    "checkpoints.folder": "--checkpoints",
    "checkpoints.pattern": "--pattern",
}
"""The flags for what a study has under these names."""
SCHEMA = code_digest.ROOT / "catalog/schemas/study.schema.yaml"
MOST_THREADS = 1024
MANY_STEPS = 100
"""A run with more steps is drawn from step 10 on, and a shorter one from step 1 on."""


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The arguments on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--model", required=True, metavar="FILE:CLASS", help="my_model.py:Net")
    add("--arguments", default="{}", metavar="JSON", help='what Net is called with: {"width": 64}')
    add("--head", help="name of its last linear layer; by default, the last that it defines")
    add("--features", help="name of the layer before the head, to be checked")
    add("--inputs", type=int, nargs="+", metavar="N", help="shape of an input, if not the data's")
    add("--checkpoints", required=True, metavar="FOLDER")
    add("--pattern", help="names of its files, with {step} for the step: step_{step}.pt")
    add("--prefix", help="text before the tensors' names, if a file holds several networks")
    add("--data", type=Path, required=True, help="an .npz, or what scripts.prepare_data made")
    add("--loss", choices=declared.names("loss"), default="cross_entropy")
    add("--metrics", nargs="+", default=[], help="further families, or metrics of your own")
    add("--output", type=Path, required=True, metavar="FILE.parquet")
    add("--picture", type=Path, metavar="FILE.png", help="draw the run; also a .pdf and a .csv")
    add("--device", type=known_device, default="cpu")
    add("--threads", type=int, default=1)
    return parser.parse_args(argv)


def known_device(argument: str) -> str:
    """A device of this machine: cpu, cuda or cuda:N. Raises UserError."""
    if not re.fullmatch(r"cpu|cuda(:[0-9]+)?", argument):
        raise UserError(f"--device is {argument!r}; allowed: cpu, cuda, or a number, as cuda:1")
    return device.of_torch(argument)


def check_place(flag: str, path: Path) -> None:
    """Make the folder of a file. Raises UserError if the file could not be written there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.NamedTemporaryFile(prefix=f".{path.name}", dir=path.parent):
            pass
    except OSError as error:
        line = f"{flag} is {path}, which cannot be written ({error.strerror})"
        raise UserError(f"{line}; allowed: a file in a folder that you can write to") from None


def setting_of(args: argparse.Namespace) -> dict[str, Any]:
    """The command line as the setting of a study. Raises UserError."""
    file, _, name = args.model.rpartition(":")
    if not file or not name.isidentifier():
        raise UserError(f"--model is {args.model!r}; allowed: FILE:CLASS, such as my_model.py:Net")
    for flag, path, suffix in (
        ("--output", args.output, ".parquet"),
        ("--picture", args.picture, ".png"),
    ):
        if path is not None and path.suffix != suffix:
            raise UserError(f"{flag} is {path}; allowed: a file that ends in {suffix}")
    if not 1 <= args.threads <= MOST_THREADS:
        raise UserError(f"--threads is {args.threads}; allowed: 1 to {MOST_THREADS}")
    for metric in args.metrics:
        check_metric(metric, "--metrics")
    model = {"head": args.head, "features": args.features, "inputs": args.inputs}
    model |= {"file": file, "class": name}
    written = {
        "data": {"name": args.data.stem},
        "model": model | {"arguments": given.json_object("--arguments", args.arguments)},
        "loss": {"name": args.loss},
        "checkpoints": {"folder": args.checkpoints, "pattern": args.pattern, "prefix": args.prefix},
        "metrics": args.metrics,
    }
    if made_elsewhere.SEED in args.checkpoints:
        raise UserError(f"--checkpoints is {args.checkpoints!r}; allowed: a folder of one run")
    written = {key: _given(value) for key, value in written.items()}
    schema = read_yaml(SCHEMA, SCHEMA.name)["$defs"]
    check(written, {"$defs": schema, **schema["outside"]}, "command line")
    return outside.whole(written, lambda name: FLAGS[name])


def _given(value: Any) -> Any:
    """An entry without the values that the command line does not give."""
    if isinstance(value, dict):
        return {key: inner for key, inner in value.items() if inner is not None}
    return value


def data_file(path: Path, work: Path) -> Path:
    """The data as this project stores them. Raises UserError if it cannot read the file."""
    if path.suffix == ".safetensors":
        return path
    if path.suffix != ".npz":
        raise UserError(f"--data is {path}; allowed: an .npz, or a .safetensors of prepare_data")
    output = work / "data.safetensors"
    words = {"name": path.stem, "npz": path, "output": output}
    prepare_data.main([word for key, value in words.items() for word in (f"--{key}", str(value))])
    return output


def measuring(family: str, data: stored.Data, file: Path, run: spec.Spec, work: Path) -> Measure:
    """The function that measures a family, or a metric of the user's own, on a snapshot."""
    if family not in families.DECLARED:
        return own.measuring(family)(data)
    further = []
    if families.inputs(family):  # the only one is the encoding of the inputs
        further = [work / "encoding.safetensors"]
        words = {"data": file, "entry": spec.canonical(run["data"]), "output": further[0]}
        encode_inputs.main([w for key, value in words.items() for w in (f"--{key}", str(value))])
    return importlib.import_module(f"scripts.extract.{family}").measuring(data, *further)


def table(args: argparse.Namespace, setting: dict[str, Any], work: Path) -> pd.DataFrame:
    """Every metric of the run at every checkpoint, in the form of a study's data."""
    (run,) = grid.specs(setting)
    pack, file = packs.pack_of([run]), data_file(args.data, work)
    data = stored.load(file, device=args.device)
    files = made_elsewhere.files(args.checkpoints, args.pattern)
    folder, checkpoints = work / spec.pack_id(pack), work / "checkpoints"
    history = list(convert(pack, data, files, checkpoints, args.device))
    print(
        f"{args.checkpoints}: {len(files)} checkpoints, steps {files[0][0]:,} to {files[-1][0]:,}"
    )
    parquet.write_rows(folder / "history.parquet", history, [*HISTORY, DIVERGED_AT])
    measured = families.measured(setting)
    for family in measured:
        print(f"measuring {family}", flush=True)
        with own_code.lines_of([f"latephase.metrics.own.{family}"]):
            measure = measuring(family, data, file, run, work)
            found = list(rows(checkpoints, pack, data, args.device, measure))
        parquet.write_rows(folder / f"{family}.parquet", found)
    runs = pd.DataFrame([{"run": spec.run_id(run), "seed": run["seed"]}])
    return aggregate.study_table(runs, [aggregate.pack_table(folder, measured)], {})


def main(argv: list[str] | None = None) -> None:
    args = arguments(argv)
    setting = setting_of(args)
    torch.set_num_threads(args.threads)
    check_place("--output", args.output)
    if args.picture:
        check_place("--picture", args.picture)
    # The converted checkpoints need room, so they are written beside the output.
    with tempfile.TemporaryDirectory(prefix=".measure-", dir=args.output.parent) as work:
        df = table(args, setting, Path(work))
    parquet.write(args.output, df)
    print(f"{args.output}: {len(df)} rows, {df.shape[1]} columns")
    first = 10 if df["step"].max() > MANY_STEPS else 1
    if not df.loc[df["step"] >= first, "loss_train"].notna().any():
        told = f"{args.checkpoints}: has no finite checkpoint from step {first} on, so no onsets"
        if args.picture:
            raise UserError(f"{told} and no --picture; allowed: checkpoints of later steps")
        print(told)
        return
    drawn = atlas_overview.data(df, first_step=first)
    onsets = drawn[drawn["mark"] == "onset"].set_index("metric")["step"]
    for name, column in atlas_overview.ONSETS.items():
        at = f"at step {onsets[name]:,.0f}" if name in onsets else "not within these steps"
        print(f"{name} ({column}): {at}")
    if args.picture:
        note = f"{args.model}, {args.checkpoints}, {args.data}"
        csv_file.write(args.picture.with_suffix(".csv"), drawn)
        style.save(atlas_overview.draw(drawn, note), args.picture.with_suffix(".pdf"), args.picture)
        print(f"{args.picture}: drawn")


if __name__ == "__main__":
    with reporting():
        main()
