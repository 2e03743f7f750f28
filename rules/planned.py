"""The jobs of Snakemake's plan, in the form that rules/forecast.py needs."""

from collections.abc import Mapping

from latephase.catalog.entries import Catalog
from latephase.runs import outside, spec
from rules.forecast import Job

START = 1.0
"""Seconds that a job takes to start and to end, beside its work."""
MEASURED = 100.0
"""About how many checkpoints per second a family of metrics is measured on."""


def jobs(dag, catalog: Catalog) -> dict[int, Job]:
    """Every job that will run, by its number."""
    planned = {dag.jobid(job): job for job in dag.needrun_jobs()}
    return {number: _job(job, dag, planned, catalog) for number, job in planned.items()}


def _job(job, dag, planned: Mapping[int, object], catalog: Catalog) -> Job:
    needs = {dag.jobid(need) for need in dag.dependencies[job]}
    resources = {"cores": job.threads, "gpu": job.resources.get("gpu", 0)}
    rule, wildcards = job.rule.name, job.wildcards_dict
    pack = catalog.packs.get(wildcards.get("pack"))
    groups = [wildcards["family"]] if "family" in wildcards else []
    if pack:
        groups.append(pack["common"]["model"]["name"])
    return Job(
        rule=rule,
        about=job.message or rule,
        seconds=START + _seconds(rule, wildcards, catalog),
        alike=tuple("/".join([rule, *groups[:n]]) for n in range(len(groups), -1, -1)),
        takes=tuple((name, count) for name, count in resources.items() if count),
        needs=frozenset(needs & planned.keys()),
        log=next(iter(job.log), ""),
        made=next((path for path in job.output if path.endswith(".png")), ""),
    )


def _seconds(rule: str, wildcards: Mapping[str, str], catalog: Catalog) -> float:
    """The seconds that a job computes, as far as the catalog tells from its pack.

    It is 0 if the catalog tells nothing: for jobs without a pack, and for packs that other code
    trained.
    """
    pack = catalog.packs.get(wildcards.get("pack"))
    common = pack["common"] if pack else {}
    if not pack or common["model"]["name"] == outside.NAME:
        return 0.0
    if rule == "train":
        return catalog.seconds(wildcards["pack"])
    steps = spec.checkpoint_steps(common["steps"], common["checkpoints"], spec.first_step(common))
    return len(steps) * len(pack["runs"]) / MEASURED
