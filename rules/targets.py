"""What jobs are made from and called with, by their wildcards.

The rules bind these methods; nothing here needs Snakemake. Wildcards are whatever has the names
``dataset``, ``pack``, ``family``, ``scale``, ``study``, ``figure`` and ``table`` as attributes.
"""

import functools
import json
import re
from pathlib import Path
from typing import Any

from latephase.catalog import user_data, weights
from latephase.catalog.check_shown import published_of
from latephase.catalog.entries import Catalog
from latephase.datasets.kinds import folder, npz, text
from latephase.errors import UserError
from latephase.metrics import families
from latephase.runs import code_digest, declared, grid, parts, spec
from latephase.runs import weights as weights_kept
from latephase.runs.columns import ALWAYS

INPUT_FILES = {"inputs_encoding": "data/{dataset}-{digest}.encoding.safetensors"}
"""What a family may take beside checkpoints and data, and the file that a rule makes it in."""


def _without(value: Any, key: str) -> Any:
    """A value of JSON types without a key, wherever in it that stands."""
    if isinstance(value, dict):
        return {name: _without(inner, key) for name, inner in value.items() if name != key}
    return [_without(inner, key) for inner in value] if isinstance(value, list) else value


class Targets:
    """A catalog's targets, under a folder of results, in a repository.

    Raises UserError where a family takes an input that no rule makes.
    """

    def __init__(self, catalog: Catalog, root: Path):
        self.catalog, self.root = catalog, root
        self.results = catalog.config["results"]
        for family in families.DECLARED:
            for name in families.inputs(family):
                if name not in INPUT_FILES:
                    raise UserError(
                        f"latephase/metrics/{family}/__init__.py: INPUTS names {name!r}; "
                        f"allowed: {', '.join(INPUT_FILES)}, which a rule makes"
                    )
        self.encoded_data = catalog.encoded_data()
        """The data whose inputs are encoded, by their digests."""

    # Code and environments

    @functools.cache  # noqa: B019 (one object a workflow)
    def code(self, *modules: str) -> str:
        """Tells apart what is computed by programs and parts of these names."""
        return code_digest.program(modules, self.root)

    @functools.cache  # noqa: B019
    def planned_code(self, *modules: str) -> str:
        """The same for a program that is called with the digest of a study's planned rows.

        What reads grids is left out: if an edit of it changes the rows, it changes their digest.
        """
        return code_digest.program(modules, self.root, answered=code_digest.PLANNING)

    @functools.cache  # noqa: B019
    def software(self, stage: str) -> str:
        """A digest of a stage's environments, for processors and GPUs alike, and of their pins.

        A param of what is cached: the cache's key leaves out pin files, and without --sdm conda
        the environment altogether. Comments are not in it.
        """
        envs, both = self.root / "envs", (stage, f"{stage}-cuda")
        listed = [
            path
            for kind in ("yaml", "txt")
            for name in both
            for path in envs.glob(f"{name}.*{kind}")
        ]
        files = [*sorted(listed), self.root / "requirements.txt"]
        lines = [line.strip() for path in files for line in path.read_text("utf-8").splitlines()]
        return spec.digest([line for line in lines if re.match(r"- |https:|torch==", line)])

    # Data

    def kind(self, wildcards) -> str:
        """The kind of a data set."""
        return self.catalog.datasets[wildcards.dataset]["kind"]

    def data_code(self, wildcards) -> str:
        """The program that prepares data, with the reader of the set's kind."""
        reader = f"latephase.datasets.kinds.{self.kind(wildcards)}"
        return self.code("scripts.prepare_data", reader)

    def data_entry(self, wildcards) -> str:
        """What a set is, as JSON. Where its files can be had is not in it."""
        return spec.canonical(_without(self.catalog.datasets[wildcards.dataset], "urls"))

    def data_npz(self, wildcards) -> str:
        """The file of a set of kind npz: a user's own, or one that comes with the catalog."""
        name = wildcards.dataset
        if self.kind(wildcards) != "npz":
            return ""
        return self.catalog.config["npz"].get(name, f"catalog/data/{name}.npz")

    def data_folder(self, wildcards) -> str:
        """The user's folder of a set's images; of other sets nothing. Raises UserError."""
        if self.kind(wildcards) != "folder":
            return ""
        return str(user_data.folder(self.catalog.config, wildcards.dataset))

    def data_texts(self, wildcards) -> str:
        """The user's files of texts, as JSON; of other sets nothing. Raises UserError."""
        if self.kind(wildcards) != "text":
            return ""
        return spec.canonical(user_data.texts(self.catalog.config, wildcards.dataset))

    @functools.cache  # noqa: B019
    def _content(self, file: str, images: str, texts: str) -> str:
        if file:
            return npz.content(file)
        if texts:
            return text.content(json.loads(texts))
        return folder.listing(images) if images else ""

    def data_content(self, wildcards) -> str:
        """Tells apart what a user's file or folder holds, wherever it lies; of other sets nothing.

        Raises UserError where it cannot be read.
        """
        own = (self.data_npz, self.data_folder, self.data_texts)
        return self._content(*(files(wildcards) for files in own))

    # Packs

    def pack_spec(self, wildcards) -> dict[str, Any]:
        """What a pack is, whole."""
        return self.catalog.packs[wildcards.pack]

    def pack_data(self, wildcards) -> str:
        """The data set that a pack is trained on."""
        name = self.pack_spec(wildcards)["common"]["data"]["name"]
        return f"{self.results}/data/{name}.safetensors"

    def pack_code(self, program: str, wildcards) -> str:
        """A program, with the parts that the pack at hand is made of."""
        return self.code(program, *parts.modules(self.pack_spec(wildcards)["common"]))

    def pack_library(self, wildcards) -> str:
        """The optional library that a pack's model is made with; of most nothing."""
        return declared.library(self.pack_spec(wildcards)["common"]["model"]["name"])

    def pack_stage(self, wildcards) -> str:
        """The environment of what computes with a pack's model, but for the device."""
        library = self.pack_library(wildcards)
        return f"train-{library}" if library else "train"

    def pack_software(self, wildcards) -> str:
        """What :meth:`software` says of that environment."""
        return self.software(self.pack_stage(wildcards))

    def pack_weights(self, wildcards) -> list[str]:
        """The file of the weights that a pack's model begins with; of most none.

        Raises UserError where the configuration does not name them.
        """
        named = self.pack_spec(wildcards)["common"]["model"].get("weights")
        if named is None:
            return []
        if named not in self.catalog.weights:
            weights.folder(self.catalog.config, named)
        return [weights_kept.file_of(named)]

    def weights_source(self, wildcards) -> str:
        """The user's file of weights that hold what a file kept here is called by.

        Raises UserError where the configuration names none.
        """
        held = f"{weights_kept.KNOWN}{wildcards.weights}"
        if held not in self.catalog.weights:
            line = f"config: weights names none that hold {held}"
            raise UserError(f"{line}; allowed: the folder of those that a study names")
        return str(
            weights.folder(self.catalog.config, self.catalog.weights[held]) / weights.FILES[1]
        )

    def pack_parents(self, wildcards, file: str) -> list[str]:
        """A file or folder of each of the packs that a pack's runs fork from."""
        parents = self.catalog.parents_of(wildcards.pack)
        return [f"{self.results}/packs/{pack}/{file}" for pack in parents]

    def train_minutes(self, wildcards, attempt: int) -> int:
        """A training's time limit: twice what its configured speed makes, and the start."""
        return attempt * (10 + 2 * self.catalog.minutes(wildcards.pack))

    # Metrics

    def extraction(self, wildcards) -> str:
        """The program that measures a family, or a metric of the user's own."""
        known = wildcards.family in families.DECLARED
        return f"extract.{wildcards.family if known else 'own'}"

    def extraction_code(self, wildcards) -> str:
        """That program, the pack's parts, and what computes the family or the user's metric."""
        family = wildcards.family
        room = f"{family}.family" if family in families.DECLARED else f"own.{family}"
        named = [f"scripts.{self.extraction(wildcards)}", f"latephase.metrics.{room}"]
        return self.code(*named, *parts.modules(self.pack_spec(wildcards)["common"]))

    def extraction_inputs(self, wildcards) -> dict[str, str]:
        """What a family takes beside checkpoints and data, by the names that it declares."""
        entry = self.pack_spec(wildcards)["common"]["data"]
        names = {"dataset": entry["name"], "digest": spec.digest(entry)}
        return {
            name: f"{self.results}/{INPUT_FILES[name].format(**names)}"
            for name in families.inputs(wildcards.family)
        }

    def extraction_options(self, wildcards, input) -> list[str]:
        """The program's own options: the metric's name, or the files of its further inputs."""
        own = [] if wildcards.family in families.DECLARED else [f"--metric={wildcards.family}"]
        further = self.extraction_inputs(wildcards)
        return own + [f"--{name.replace('_', '-')}={input[name]}" for name in further]

    # Studies

    def study_data(self, study: str, scale: str) -> str:
        """Where everything of a study is gathered."""
        return f"{self.results}/{scale}/studies/{study}.parquet"

    def studies(self, scale: str) -> list[str]:
        """The data of every study of a scale."""
        return [self.study_data(name, scale) for name in self.catalog.chosen_studies(scale)]

    def study_families(self, wildcards) -> list[str]:
        """The families and metrics that a study's runs have."""
        return families.measured(self.catalog.setting(wildcards.study, wildcards.scale))

    def study_packs(self, wildcards) -> list[str]:
        """The packs that hold a study's runs, and those that they fork from: their past."""
        packs = self.catalog.packs_of(wildcards.study, wildcards.scale)
        parents = [parent for pack in packs for parent in self.catalog.parents_of(pack)]
        return list(dict.fromkeys([*packs, *parents]))

    def pack_files(self, names: list[str], wildcards) -> list[str]:
        """A file of each name for every pack of a study."""
        packs = self.study_packs(wildcards)
        return [f"{self.results}/packs/{pack}/{name}.parquet" for name in names for pack in packs]

    def study_runs(self, wildcards) -> str:
        """What decides which runs are a study's; its title, metrics and margins are not in it."""
        setting = self.catalog.setting(wildcards.study, wildcards.scale)
        about = {*grid.NOT_OF_A_RUN} - {"arm", "grid", "grids"}
        return spec.canonical({key: value for key, value in setting.items() if key not in about})

    def study_planned(self, wildcards) -> str:
        """Tells apart the rows of a study's runs, as the job makes them of what it is given."""
        return spec.digest(grid.table(json.loads(self.study_runs(wildcards)), ALWAYS))

    def margins_planned(self, wildcards) -> str:
        """The same of the runs whose margins a study wants."""
        setting = json.loads(self.study_runs(wildcards))
        return spec.digest(grid.table(setting, only=self.margins(wildcards)["runs"]))

    def margins(self, wildcards) -> dict[str, Any]:
        """The margins that a study wants."""
        return self.catalog.setting(wildcards.study, wildcards.scale)["margins"]

    def margin_data(self, wildcards) -> str:
        """The data set of the runs whose margins a study wants."""
        setting = self.catalog.setting(wildcards.study, wildcards.scale)
        run = grid.specs(setting, setting["margins"]["runs"])[0]
        return f"{self.results}/data/{run['data']['name']}.safetensors"

    def margin_packs(self, wildcards) -> list[str]:
        """The folders of the packs that hold the runs whose margins a study wants."""
        study, scale = wildcards.study, wildcards.scale
        packs = self.catalog.packs_holding(study, scale, self.margins(wildcards)["runs"])
        return [f"{self.results}/packs/{pack}" for pack in packs]

    # Figures, tables, claims, the report

    def figures(self, scale: str) -> list[str]:
        """The files of every figure chosen for a scale."""
        chosen, kinds = self.catalog.chosen_figures(scale), ("pdf", "png", "csv")
        return [f"{self.results}/{scale}/figures/{name}.{k}" for name in chosen for k in kinds]

    def tables(self, scale: str) -> list[str]:
        """The files of every table that a scale has."""
        chosen, kinds = self.catalog.chosen_tables(scale), ("csv", "html")
        return [f"{self.results}/{scale}/tables/{name}.{k}" for name in chosen for k in kinds]

    def shown(self, wildcards) -> tuple[str, dict[str, Any]]:
        """The figure or the table at hand: its name, and its entry in the catalog."""
        if hasattr(wildcards, "table"):
            return wildcards.table, self.catalog.tables[wildcards.table]
        return wildcards.figure, self.catalog.figures[wildcards.figure]

    def shown_files(self, wildcards) -> dict[str, str | list[str]]:
        """The files that a figure is drawn from, or a table made from, by name."""
        name, entry = self.shown(wildcards)
        study, *beside = self.catalog.studies_of(entry, wildcards.scale)
        data = self.study_data(study, wildcards.scale)
        files = {
            "data": data,
            "beside": [self.study_data(study, wildcards.scale) for study in beside],
            "margins": data.replace(".parquet", ".margins.parquet"),
            "published": published_of(name, entry),
        }
        return {name: files[name] for name in entry["files"]}

    def shown_words(self, wildcards, input) -> list[str]:
        """The options by which a program is given those files, wherever they lie."""
        given = {name: input[name] for name in self.shown_files(wildcards)}
        files = {name: [file] if isinstance(file, str) else file for name, file in given.items()}
        return [word for name, some in files.items() for word in (f"--{name}", *some)]

    def shown_options(self, wildcards) -> str:
        """The arguments that the catalog sets for a program at a scale, as JSON."""
        _, entry = self.shown(wildcards)
        arguments = entry.get("arguments", {})
        return spec.canonical(arguments.get("both", {}) | arguments.get(wildcards.scale, {}))

    @functools.cache  # noqa: B019
    def note(self, scale: str, *studies: str) -> str:
        """What was run, in a line. Many figures are of the same studies."""
        return self.catalog.note(studies, scale)

    def shown_note(self, wildcards) -> str:
        """What was run behind a figure or a table."""
        _, entry = self.shown(wildcards)
        return self.note(wildcards.scale, *self.catalog.studies_of(entry, wildcards.scale))

    def shown_as(self, wildcards) -> dict[str, str]:
        """The one label in the report.

        Two labels become a switch in a report of two figures, which breaks. Figures and tables
        stand under one heading, so they share the label's name.
        """
        name, entry = self.shown(wildcards)
        return {"figure or table": f"{name}: {entry['title']}"}

    def heading(self, wildcards) -> str:
        """Where it stands in the report."""
        _, entry = self.shown(wildcards)
        return self.catalog.papers[entry["paper"]]

    def script(self, wildcards) -> str:
        """The program of a figure or a table: one of its name, or one that several share."""
        name, entry = self.shown(wildcards)
        return entry.get("script", name)

    def shown_code(self, kind: str, wildcards) -> str:
        """That program, in the folder of figures or of tables."""
        return self.code(f"scripts.{kind}.{self.script(wildcards)}")

    def figure_sources(self, wildcards) -> list[str]:
        """The files of a figure's program, which a bundle holds."""
        return code_digest.sources(f"scripts.figures.{self.script(wildcards)}", self.root)

    def figure_packs(self, wildcards) -> list[str]:
        """The packs behind a figure."""
        _, entry = self.shown(wildcards)
        studies = self.catalog.studies_of(entry, wildcards.scale)
        held = [p for study in studies for p in self.catalog.packs_of(study, wildcards.scale)]
        return list(dict.fromkeys(held))

    def figure_timings(self, wildcards) -> list[str]:
        """How long their trainings took."""
        packs = self.figure_packs(wildcards)
        return [f"{self.results}/packs/{pack}/timing.json" for pack in packs]

    def figure_settings(self, wildcards) -> str:
        """The settings that a figure is of, by the names of their studies, as JSON."""
        studies = self.catalog.studies_of(self.catalog.figures[wildcards.figure], wildcards.scale)
        settings = {study: self.catalog.setting(study, wildcards.scale) for study in studies}
        return spec.canonical(settings)

    def claimed_studies(self, scale: str) -> list[str]:
        """The studies that the claims at a scale ask about."""
        return sorted({claim["study"] for claim in self.catalog.chosen_claims(scale)})

    def claims_code(self, wildcards) -> str:
        """The program that judges, with each paper's statistics."""
        papers = {claim["paper"] for claim in self.catalog.chosen_claims(wildcards.scale)}
        claims = [f"latephase.papers.{paper}.claims" for paper in sorted(papers)]
        return self.code("scripts.evaluate_claims", *claims)

    def claims_note(self, wildcards) -> str:
        """What was run, a study after the other."""
        scale = wildcards.scale
        notes = {study: self.note(scale, study) for study in self.claimed_studies(scale)}
        return "; ".join(f"{study}: {note}" for study, note in notes.items())

    def titles(self, scale: str) -> list[str]:
        """What the report says of its figures and tables that their files do not."""
        figures = [self.catalog.figures[name] for name in self.catalog.chosen_figures(scale)]
        tables = [self.catalog.tables[name] for name in self.catalog.chosen_tables(scale)]
        entries = figures + tables
        return [f"{self.catalog.papers[entry['paper']]}: {entry['title']}" for entry in entries]
