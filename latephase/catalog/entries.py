"""The catalog: every study, figure, table, claim and data set, under one configuration.

The Snakefile imports it: no torch, no pandas.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from latephase.catalog import printed, shipped, user_data
from latephase.errors import UserError
from latephase.metrics import families
from latephase.runs import grid, spec
from latephase.runs.spec import Spec

SCALES = ("quick", "paper")
SLOWEST = 50
"""Run-steps per second of a model for which the configuration gives no speed."""


@dataclass(frozen=True)
class Catalog:
    """Everything there is to make, under one configuration."""

    config: dict[str, Any]
    datasets: dict[str, dict]
    papers: dict[str, str] = field(default_factory=dict)
    """The headings of the report: the name of each paper, and that of our own atlas."""
    about: dict[str, dict] = field(default_factory=dict)
    """The other keys of each ``paper.yaml``: what is not drawn, and the theorems."""
    studies: dict[str, dict] = field(default_factory=dict)
    """Studies by name. Each entry here and below has the key ``paper``: the folder from which it
    comes."""
    written: dict[str, dict] = field(default_factory=dict)
    """The settings of each study by scale, as its file has them.

    They lack derived values, such as the ids of the runs from which the study forks.
    """
    figures: dict[str, dict] = field(default_factory=dict)
    tables: dict[str, dict] = field(default_factory=dict)
    claims: list[dict] = field(default_factory=list)
    packs: dict[str, Spec] = field(default_factory=dict)
    """Every pack, by its id."""
    owners: dict[str, str] = field(default_factory=dict)
    """The id of the pack of every run, by the run's id."""
    weights: dict[str, str] = field(default_factory=dict)
    """The configuration's names of the weights from which models start, by the checksums of these
    weights."""
    members: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """The ids of the packs that hold the runs of a (study, scale)."""
    shipped: dict[str, Any] = field(default_factory=shipped.nothing)
    """The manifest of the data that come with the repository."""

    def file_of(self, study: str) -> str:
        """The file of a study."""
        entry = self.studies[study]
        return entry.get("file", f"catalog/{entry['paper']}/studies/{study}.yaml")

    def setting(self, study: str, scale: str) -> dict[str, Any]:
        """The setting of a study at a scale. Raises UserError if it has no such scale."""
        scales = self.studies[study]["scales"]
        if scale not in scales:
            allowed = ", ".join(scales)
            raise UserError(f"{self.file_of(study)}: no scale {scale!r}; allowed: {allowed}")
        return scales[scale]

    def packs_of(self, study: str, scale: str) -> list[str]:
        """The packs of a study's runs at a scale. Raises UserError if it lacks the scale."""
        self.setting(study, scale)
        return self.members[study, scale]

    def parents_of(self, pack: str) -> list[str]:
        """The packs that hold the runs from which a pack's runs fork; empty if they do not fork."""
        runs = spec.runs_of(self.packs[pack])
        return list(dict.fromkeys(self.owners[r["fork"]["run"]] for r in runs if "fork" in r))

    def packs_holding(self, study: str, scale: str, values: dict[str, Any]) -> list[str]:
        """The packs of a study that hold runs with the given values on its axes."""
        ids = {spec.run_id(run) for run in grid.specs(self.setting(study, scale), values)}
        return [
            pack
            for pack in self.packs_of(study, scale)
            if ids & {spec.run_id(run) for run in spec.runs_of(self.packs[pack])}
        ]

    @property
    def from_shipped(self) -> bool:
        """Whether studies use the data of the repository, so that nothing is trained."""
        return self.config["data"] == "shipped"

    def note(self, studies: Sequence[str], scale: str) -> str:
        """One line: networks, data sets, variants, sizes, steps, seeds and scale."""
        runs = [run for study in studies for run in grid.specs(self.setting(study, scale))]
        names = dict.fromkeys(run["data"]["name"] for run in runs)
        sets = ", ".join(f"{name} ({self.datasets[name]['variant']})" for name in names)
        whole = {name: self.datasets[name]["train"] for name in names}
        sizes = {run["data"].get("train_size", whole[run["data"]["name"]]) for run in runs}
        steps = {run["steps"] for run in runs}
        seeds = len({run["seed"] for run in runs})
        networks = (run["model"].get("class", run["model"]["name"]) for run in runs)
        models = printed.listed(dict.fromkeys(networks))
        line = (
            f"{models} on {sets}, n = {_several(sizes)}, {_several(steps)} steps, "
            f"{seeds} seed{'s' * (seeds != 1)}, scale {scale}"
        )
        return (
            f"{line}; {shipped.origin(self.shipped, studies, scale)}" if self.from_shipped else line
        )

    def studies_of(self, entry: dict[str, Any], scale: str) -> list[str]:
        """The studies from which a figure or a table is made at a scale.

        Studies that are shown beside the first one are left out if they do not have the scale.
        """
        beside = [s for s in entry.get("beside", []) if scale in self.studies[s]["scales"]]
        return [entry["study"], *beside]

    def chosen_figures(self, scale: str) -> list[str]:
        """The figures that the configuration chooses and that can be made at a scale."""
        chosen = self.config["figures"]
        return self._made(list(self.figures) if chosen == "all" else chosen, self.figures, scale)

    def chosen_tables(self, scale: str) -> list[str]:
        """The tables that can be made at a scale."""
        return self._made(self.tables, self.tables, scale)

    def _made(self, names: Iterable[str], entries: dict[str, dict], scale: str) -> list[str]:
        studies = {*self.chosen_studies(scale)}
        return [name for name in names if {*self.studies_of(entries[name], scale)} <= studies]

    def chosen_claims(self, scale: str) -> list[dict]:
        """The claims whose study has a scale."""
        studies = self.chosen_studies(scale)
        return [claim for claim in self.claims if claim["study"] in studies]

    def seconds(self, pack: str) -> float:
        """The estimated training time of a pack, from the configured speeds."""
        common, runs = self.packs[pack]["common"], self.packs[pack]["runs"]
        device = self.config["device"].partition(":")[0]
        speed = self.config["speed"].get(common["model"]["name"], {}).get(device, SLOWEST)
        steps = common["steps"] - spec.first_step(common)
        return steps * len(runs) / speed

    def minutes(self, pack: str) -> int:
        """The estimated training time of a pack in minutes, rounded up."""
        return math.ceil(self.seconds(pack) / 60)

    def own_metrics(self) -> list[str]:
        """The metrics that studies name in addition to the families of latephase."""
        settings = [s for study in self.studies.values() for s in study["scales"].values()]
        named = {name for setting in settings for name in setting.get("metrics", [])}
        return sorted(named - set(families.MORE_FAMILIES))

    def encoded_data(self) -> dict[str, Spec]:
        """The data entries, by digest, of runs for which a metric family needs more inputs."""
        settings = [s for study in self.studies.values() for s in study["scales"].values()]
        asking = [s for s in settings if any(map(families.inputs, families.measured(s)))]
        entries = [run["data"] for setting in asking for run in grid.specs(setting)]
        return {spec.digest(entry): entry for entry in entries}

    def chosen_studies(self, scale: str) -> list[str]:
        """The studies that have a scale and whose data are available."""
        there = [study for study, entry in self.studies.items() if scale in entry["scales"]]
        if self.from_shipped:
            held = self.shipped["studies"].get(scale, {})
            return [study for study in there if study in held]
        return [study for study in there if not self.lacking(study, scale)]

    def lacking(self, study: str, scale: str) -> list[str]:
        """The user's own data that a study needs and the configuration lacks, as keys.

        A key is, for example, texts.sst2.
        """
        return user_data.lacking(self.config, self.datasets, self.setting(study, scale))

    def left_out(self, scale: str) -> str | None:
        """A line about what is not made because its data are missing; None if nothing is missing.

        Raises UserError if shipped data are used and nothing is shipped at this scale.
        """
        if self.from_shipped:
            held = ", ".join(shipped.chosen(self.shipped, scale))
            return f"only what is drawn from shipped data is made, without training: {held}"
        there = {study for study, entry in self.studies.items() if scale in entry["scales"]}
        lacking = {study: self.lacking(study, scale) for study in sorted(there)}
        studies = [study for study, names in lacking.items() if names]
        if not studies:
            return None
        entries = (self.figures | self.tables).items()
        shown = [name for name, e in entries if {*self.studies_of(e, scale)} & {*studies}]
        keys = {key for names_of_study in lacking.values() for key in names_of_study}
        named = sorted(keys, key=lambda key: key.partition(".")[2])
        return (
            f"left out: {', '.join([*studies, *shown])}, because their data are not configured; "
            f"name them in config.yaml: {', '.join(named)}"
        )


def _several(sizes: set[int]) -> str:
    """Up to three numbers, or the range of more: 100, 1,000 or 10,000; 100 to 10,000."""
    if len(sizes) > 3:
        return f"{min(sizes):,} to {max(sizes):,}"
    *others, last = [f"{size:,}" for size in sorted(sizes)]
    return f"{', '.join(others)} or {last}" if others else last
