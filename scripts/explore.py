r"""Train a variation of a study at once, and draw it: no YAML to write.

    python -m scripts.explore --like weight_decay_mlp --set optimizer.weight_decay=0.2 \
        --set seed=1,2,3

The program writes a study to results/explore/, runs it with Snakemake like any other study, and
prints where its picture is. A value takes the place of the study's own value. Several values, with
commas between them, make an axis. Options of Snakemake follow after --, as in ``-- -c4``, and so do
settings, as in ``-- --config mirror=/data/mirror``. To keep the study, move its file to
catalog/own/studies/.
"""

import argparse
import datetime
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from snakemake.cli import get_argument_parser, parse_config
from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from latephase.catalog import load, strict_yaml
from latephase.errors import UserError, reporting
from latephase.runs import grid
from latephase.storage.atomic import replacing

ROOT = Path(__file__).parents[1]
NOT_KEPT = ("margins", "pack")
"""Keys of a setting that are left out: they are about runs that a variation may not have."""
OF_STUDIES = ("grid", "grids", "like")
"""Keys of a setting that say which runs there are. Here, the values of ``--set`` say that."""


def changes(given: list[str]) -> dict[str, list[Any]]:
    """The values by key in ``key=value,value`` texts. Raises UserError for any other form."""
    found: dict[str, list[Any]] = {}
    for text in given:
        key, equals, values = text.partition("=")
        if not (key and equals and values):
            raise UserError(f"--set is {text!r}; allowed: key=value or key=value,value")
        if key.partition(".")[0] in OF_STUDIES:
            raise UserError(f"--set {key}: not a key of a run; allowed: keys of a run, and seed")
        if key in found:
            raise UserError(f"--set gives {key} twice; allowed: once, as in {key}=1,2")
        found[key] = _numbers(strict_yaml.parsed(f"[{values}]", f"--set {key}"))
        try:
            json.dumps(found[key], allow_nan=False)
        except (TypeError, ValueError):
            raise UserError(
                f"--set is {text!r}; allowed: numbers, words, lists and objects"
            ) from None
    return found


def _numbers(value: Any) -> Any:
    """A value that YAML read. Texts such as 1e-3 become numbers; YAML takes them for text."""
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _numbers(inner) for key, inner in value.items()}
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def varied(setting: dict[str, Any], changed: dict[str, list[Any]]) -> dict[str, Any]:
    """A study's setting with other values. It does not refer to other studies."""
    members = [_varied(member, changed) for member in grid.members(setting)]
    different = [m for i, m in enumerate(members) if m not in members[:i]]
    return different[0] if len(different) == 1 else {"grids": different}


def _varied(member: dict[str, Any], changed: dict[str, list[Any]]) -> dict[str, Any]:
    """The same for one grid."""
    kept = json.loads(json.dumps({k: v for k, v in member.items() if k not in NOT_KEPT}))
    kept.setdefault("grid", {})
    for key, values in changed.items():
        if key in kept["grid"] or len(values) > 1 or key == "seed":
            kept["grid"][key] = values
            continue
        *above, last = key.split(".")
        place = kept
        for name in above:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise UserError(f"--set {key}: {name} has nothing below it")
        place[last] = values[0]
    return kept


def configuration(options: list[str]) -> dict[str, Any]:
    """The configuration that Snakemake would have with these options. Raises UserError."""
    given = get_argument_parser().parse_args(options)
    config: dict[str, Any] = {}
    try:
        for file in (ROOT / "config.yaml", *given.configfile):
            update_config(config, load_configfile(file))
        update_config(config, parse_config(given.config))
    except (OSError, ValueError, WorkflowError) as error:
        told = " ".join(str(error).split())
        raise UserError(f"config: {told}; allowed: settings that Snakemake reads") from None
    return config


def with_settings(options: list[str], settings: list[str]) -> list[str]:
    """Options of Snakemake with further settings. It heeds only the last ``--config``."""
    at = [i + 1 for i, word in enumerate(options) if word in ("--config", "-C")]
    if not at:
        return [*options, "--config", *settings]
    return [*options[: at[-1]], *settings, *options[at[-1] :]]


def study(like: str, scale: str, setting: dict[str, Any], given: list[str]) -> dict[str, Any]:
    """The content of the study's file."""
    return {
        "title": f"{like} with {', '.join(given)}",
        "question": "What does this variation change?",
        "added": datetime.date.today().isoformat(),
        "scales": {scale: setting},
    }


def name_of(like: str, scale: str, setting: dict[str, Any]) -> str:
    """The name of a study. The same variation always gets the same name."""
    text = json.dumps([scale, setting], sort_keys=True)
    return f"{like}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--like", required=True, metavar="STUDY")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE[,VALUE]")
    parser.add_argument("--scale", choices=["quick", "paper"], default="quick")
    parser.add_argument("more", nargs="*", metavar="-- …", help="options of snakemake")
    args = parser.parse_args(argv)
    config = configuration(args.more)
    catalog = load.load(ROOT, config)
    if args.like not in catalog.studies:
        raise UserError(f"--like is {args.like!r}; allowed: {', '.join(sorted(catalog.studies))}")
    catalog.setting(args.like, args.scale)  # raises UserError if the study lacks the scale
    setting = varied(catalog.written[args.like][args.scale], changes(args.set))
    content = study(args.like, args.scale, setting, args.set)
    name = name_of(args.like, args.scale, setting)
    file = Path(config["results"]) / "explore" / f"{name}.yaml"
    path = ROOT / file
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    print(f"study: {file}", flush=True)
    picture = f"{config['results']}/{args.scale}/figures/{name}.png"
    settings = [f"scale={args.scale}", f"explored={file.as_posix()}"]
    options = with_settings(args.more, settings)
    command = [sys.executable, "-m", "snakemake", *options, "--", picture]
    status = subprocess.run(command, cwd=ROOT).returncode
    if status:
        sys.exit(status)
    print(f"picture: {picture}")


if __name__ == "__main__":
    with reporting():
        main()
