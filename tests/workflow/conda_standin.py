"""Answers as ``conda`` does to what Snakemake asks of it, from a channel in a folder.

    python conda_standin.py ROOT create --file F.pin.txt --prefix P

``ROOT/conda-forge`` is the channel, and stands for the one on the network. Pins are parsed,
environment files solved and packages linked by rattler, which conda's relatives are made of.
"""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

import yaml

REMOTE = "https://conda.anaconda.org/conda-forge"


async def create(root: Path, file: Path, prefix: Path) -> None:
    """Make an environment from a pin file, or from an environment file."""
    from rattler import install

    channel = root / "conda-forge"
    chosen = explicit if file.name.endswith(".txt") else solved
    records = await chosen(file.read_text(), channel)
    for record in records:
        record.md5 = None  # the real package's; ours is a stub
    await install(records, prefix, cache_dir=root / "cache", show_progress=False)


async def explicit(text: str, channel: Path) -> list:
    """The channel's records of the packages that a pin file lists, with their sums."""
    from rattler import Channel, RepoData
    from rattler.explicit_environment import ExplicitEnvironmentSpec

    records = {
        f"{REMOTE}/{index.parent.name}/{record.file_name}#{record.md5.hex()}": record
        for index in channel.glob("*/repodata.json")
        for record in RepoData.from_path(index).into_repo_data(Channel(channel.as_uri()))
    }
    urls = [package.url for package in ExplicitEnvironmentSpec.from_str(text).packages]
    if unknown := [url for url in urls if url not in records]:
        raise ValueError(f"not in the channel: {', '.join(unknown)}")
    return [records[url] for url in urls]


async def solved(text: str, channel: Path) -> list:
    """What the solver chooses for an environment file."""
    from rattler import MatchSpec, VirtualPackage, solve

    environment = yaml.safe_load(text)
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    return await solve(
        [channel.as_uri()],
        [MatchSpec(package) for package in environment["dependencies"]],
        platforms=["linux-64", "noarch"],
        virtual_packages=VirtualPackage.detect(),
    )


def install_into(root: Path) -> None:
    """The commands ``conda`` and ``activate`` in ``root/bin``."""
    (root / "bin").mkdir()
    command = f'#!/bin/sh\nexec {sys.executable} {Path(__file__).resolve()} {root} "$@"\n'
    (root / "bin/conda").write_text(command)
    (root / "bin/conda").chmod(0o755)
    # Sourced, with an environment's folder.
    (root / "bin/activate").write_text('export CONDA_PREFIX="$1" PATH="$1/bin:$PATH"\n')


def main(argv: list[str]) -> None:
    root, asked = Path(argv[0]), argv[1:]
    match asked:
        case ["info", "--json"]:
            print(json.dumps({"conda_prefix": str(root), "platform": "linux-64"}))
        case ["--version"]:
            print("conda 24.11.0")
        case ["config", "--get", "channel_priority", "--json"]:
            print(json.dumps({"get": {"channel_priority": "strict"}}))
        case ["clean", *_]:
            pass
        case ["create", *options] | ["env", "create", *options]:
            parser = argparse.ArgumentParser()
            parser.add_argument("--file", type=Path)
            parser.add_argument("--prefix", type=Path)
            args, _ = parser.parse_known_args(options)
            try:
                asyncio.run(create(root, args.file, args.prefix))
            except Exception as error:
                sys.exit(f"{type(error).__name__}: {error}")
            os._exit(0)  # rattler's threads now and then crash a Python that ends in order
        case _:
            sys.exit(f"conda_standin.py: not known: {asked}")


if __name__ == "__main__":
    main(sys.argv[1:])
