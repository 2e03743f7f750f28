# Names that the other files share. rules/targets/ computes the inputs and params of jobs.
import sys
from functools import cache, partial
from pathlib import Path

from latephase.catalog import load, strict_yaml
from latephase.catalog.entries import SCALES
from latephase.errors import UserError
from latephase.metrics import families
from latephase.runs import code_digest, outside, spec, weights
from rules import console, gpus, libraries, prefix, rate_limit, signals, summary
from rules.targets import Targets
from scripts import serve
from scripts.surroundings import LEAVE
from snakemake.logging import logger

signals.heed_while_planning()

try:
    # If a key is given twice, Snakemake keeps the last value and says nothing. So the files are
    # read again, strictly. A job on another machine may not have these files, and the files of a
    # workflow that uses this one as a module are not ours.
    if workflow.is_main_process and workflow.modifier.is_main_snakefile():
        for file in workflow.configfiles:
            strict_yaml.read_yaml(Path(file), str(file))
    CATALOG = load.load(ROOT, config)
    TARGETS = Targets(CATALOG, ROOT)
except UserError as error:
    sys.exit(f"error: {error}")

RESULTS = config["results"]
GPUS = workflow.global_resources.get("gpu")
STUDIES = f"{RESULTS}/{{scale}}/studies"
FIGURES = f"{RESULTS}/{{scale}}/figures"
TABLES = f"{RESULTS}/{{scale}}/tables"
shell.prefix(prefix.of(ROOT))


# Patterns of the names of all packs, of packs that other code trained, and of packs trained here.
PACK = "[a-z0-9_]+-[a-z0-9_]+-[a-z0-9_]+-[0-9a-f]{12}"
OUTSIDE = f"[a-z0-9_]+-{outside.NAME}-{outside.NAME}-[0-9a-f]{{12}}"
TRAINED = f"(?!{OUTSIDE}){PACK}"


wildcard_constraints:
    dataset="[a-z0-9_]+",
    pack=PACK,
    digest="[0-9a-f]{12}",
    weights="[0-9a-f]{64}",
    scale="|".join(SCALES),
    paper="|".join(CATALOG.papers),
    study="|".join(CATALOG.studies),
    family="|".join([*families.DECLARED, *CATALOG.own_metrics()]),
    figure="|".join(CATALOG.figures) or "(?!)",  # matches nothing
    table="|".join(CATALOG.tables) or "(?!)",


def torch_env(device, stage="train"):
    """The environment of a program that uses torch. Its variants differ only in torch's build."""
    return f"../envs/{stage}{'-cuda' * device.startswith('cuda')}.yaml"


@cache
def tell_what_is_left_out():
    """Say once what cannot be made at the scale. It is called if everything is asked for."""
    try:
        if left_out := CATALOG.left_out(config["scale"]):
            logger.warning(left_out)
    except UserError as error:
        sys.exit(f"error: {error}")


def or_exit(of):
    """Wrap a function of wildcards. If it raises UserError, Snakemake ends with one line."""

    def call(wildcards):
        try:
            return of(wildcards)
        except UserError as error:
            sys.exit(f"error: {error}")

    return call


def all_figures(wildcards):
    """The files of every figure chosen for the configured scale."""
    if config["figures"] == "all":
        tell_what_is_left_out()
    return TARGETS.asked.figures(config["scale"])


def all_studies(wildcards):
    """The data of every study of the configured scale."""
    tell_what_is_left_out()
    return TARGETS.asked.studies(config["scale"])
