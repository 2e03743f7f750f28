"""What jobs are made from and called with, by their wildcards.

The rules bind these methods. Nothing here needs Snakemake. Wildcards are any object that has the
attributes ``dataset``, ``pack``, ``family``, ``scale``, ``study``, ``figure`` and ``table``.
"""

import functools
import json
import os
import re
from pathlib import Path
from typing import Any

from latephase.catalog import coverage, printed, user_data, weights
from latephase.catalog.check_shown import published_of
from latephase.catalog.entries import SCALES, Catalog
from latephase.datasets.kinds import folder, npz, text
from latephase.errors import UserError
from latephase.metrics import families
from latephase.runs import code_digest, declared, grid, parts, spec
from latephase.runs import weights as weights_kept
from latephase.runs.columns import ALWAYS, ARM

INPUT_FILES = {"inputs_encoding": "data/{dataset}-{digest}.encoding.safetensors"}
"""The inputs that a family may take beside checkpoints and data, and the files that rules make."""


def _without(value: Any, key: str) -> Any:
    """A value of JSON types without a key, at every level of it."""
    if isinstance(value, dict):
        return {name: _without(inner, key) for name, inner in value.items() if name != key}
    return [_without(inner, key) for inner in value] if isinstance(value, list) else value


class Targets:
    """A catalog's targets, under a folder of results, in a repository.

    Raises UserError if a family takes an input that no rule makes.
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
        """A digest of what is computed by programs and parts with these names."""
        return code_digest.program(modules, self.root)

    @functools.cache  # noqa: B019
    def planned_code(self, *modules: str) -> str:
        """The same for a program that is called with the digest of a study's planned rows.

        The code that reads grids is left out: if an edit of it changes the rows, it changes their
        digest.
        """
        return code_digest.program(modules, self.root, answered=code_digest.PLANNING)

    @functools.cache  # noqa: B019
    def software(self, stage: str) -> str:
        """A digest of a stage's environments, for processors and GPUs alike, and of their pins.

        It is a param of what is cached, because the cache's key leaves out pin files and, without
        --sdm conda, the whole environment. Comments are not in it.
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
        """What a set is, as JSON, without the places where its files can be found."""
        return spec.canonical(_without(self.catalog.datasets[wildcards.dataset], "urls"))

    def data_npz(self, wildcards) -> str:
        """The file of a set of kind npz: a user's own, or one that comes with the catalog."""
        name = wildcards.dataset
        if self.kind(wildcards) != "npz":
            return ""
        return self.catalog.config["npz"].get(
            name, os.path.relpath(self.root / f"catalog/data/{name}.npz")
        )

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
        """A digest of what a user's file or folder contains, wherever it is; empty for other sets.

        Raises UserError if it cannot be read.
        """
        own = (self.data_npz, self.data_folder, self.data_texts)
        return self._content(*(files(wildcards) for files in own))

    # Packs

    def pack_spec(self, wildcards) -> dict[str, Any]:
        """The complete description of a pack."""
        return self.catalog.packs[wildcards.pack]

    def pack_data(self, wildcards) -> str:
        """The data set that a pack is trained on."""
        name = self.pack_spec(wildcards)["common"]["data"]["name"]
        return f"{self.results}/data/{name}.safetensors"

    def pack_code(self, program: str, wildcards) -> str:
        """A program, with the parts of the pack at hand."""
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
        """A file or folder of each of the packs from which a pack's runs fork."""
        parents = self.catalog.parents_of(wildcards.pack)
        return [f"{self.results}/packs/{pack}/{file}" for pack in parents]

    def train_minutes(self, wildcards, attempt: int) -> int:
        """A training's time limit in minutes: twice what its configured speed gives, and the
        start.
        """
        return attempt * (10 + 2 * self.catalog.minutes(wildcards.pack))

    # Metrics

    def extraction(self, wildcards) -> str:
        """The program that measures a family, or a metric of the user's own."""
        known = wildcards.family in families.DECLARED
        return f"extract.{wildcards.family if known else 'own'}"

    def extraction_code(self, wildcards) -> str:
        """That program, the pack's parts, and the code that computes the family or the user's
        metric.
        """
        family = wildcards.family
        room = f"{family}.family" if family in families.DECLARED else f"own.{family}"
        named = [f"scripts.{self.extraction(wildcards)}", f"latephase.metrics.{room}"]
        return self.code(*named, *parts.modules(self.pack_spec(wildcards)["common"]))

    def extraction_inputs(self, wildcards) -> dict[str, str]:
        """The further inputs of a family beside checkpoints and data, by the names that it
        declares.
        """
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
        """The file with all data of a study."""
        return f"{self.results}/{scale}/studies/{study}.parquet"

    def studies(self, scale: str) -> list[str]:
        """The data of every study of a scale."""
        return [self.study_data(name, scale) for name in self.catalog.chosen_studies(scale)]

    def study_families(self, wildcards) -> list[str]:
        """The families and metrics that a study's runs have."""
        return families.measured(self.catalog.setting(wildcards.study, wildcards.scale))

    def study_packs(self, wildcards) -> list[str]:
        """The packs that hold a study's runs, and those from which these fork, which are their
        past.
        """
        packs = self.catalog.packs_of(wildcards.study, wildcards.scale)
        parents = [parent for pack in packs for parent in self.catalog.parents_of(pack)]
        return list(dict.fromkeys([*packs, *parents]))

    def pack_files(self, names: list[str], wildcards) -> list[str]:
        """A file of each name for every pack of a study."""
        packs = self.study_packs(wildcards)
        return [f"{self.results}/packs/{pack}/{name}.parquet" for name in names for pack in packs]

    def study_runs(self, wildcards) -> str:
        """What decides which runs a study has, without its title, metrics and margins."""
        setting = self.catalog.setting(wildcards.study, wildcards.scale)
        about = {*grid.NOT_OF_A_RUN} - {"arm", "grid", "grids"}
        return spec.canonical({key: value for key, value in setting.items() if key not in about})

    def study_planned(self, wildcards) -> str:
        """A digest of the rows of a study's runs, as the job makes them from its arguments."""
        return spec.digest(grid.table(json.loads(self.study_runs(wildcards)), ALWAYS))

    def margins_planned(self, wildcards) -> str:
        """The same for the runs whose margins a study wants."""
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

    def explored(self, scale: str) -> list[str]:
        """The explorer of every study of a scale."""
        chosen = self.catalog.chosen_studies(scale)
        return [f"{self.results}/{scale}/explore/{name}.html" for name in chosen]

    def explored_as(self, wildcards) -> str:
        """What a study's explorer says beside its data, as JSON."""
        study = self.catalog.studies[wildcards.study]
        about = {key: study[key] for key in ("title", "question")}
        return spec.canonical(about | {"note": self.note(wildcards.scale, wildcards.study)})

    def study_labels(self, wildcards) -> list[str]:
        """The columns that tell a study's runs apart, where its data have them."""
        axes = grid.axes(self.catalog.setting(wildcards.study, wildcards.scale))
        return list(dict.fromkeys([ARM, *axes, *ALWAYS]))

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
        """The files from which a figure or a table is made, by name."""
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
        """The options by which a program is given those files, wherever they are."""
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
        """What was run, in one line. Many figures are of the same studies."""
        return self.catalog.note(studies, scale)

    def shown_note(self, wildcards) -> str:
        """What was run behind a figure or a table."""
        _, entry = self.shown(wildcards)
        return self.note(wildcards.scale, *self.catalog.studies_of(entry, wildcards.scale))

    def shown_title(self, wildcards) -> str:
        """The title of a figure, after what it is the counterpart of: han2025, Fig. 1."""
        name, entry = self.shown(wildcards)
        number = re.fullmatch(rf"{entry['paper']}_fig(\d+\w*)", name)
        return f"{entry['paper']}, Fig. {number[1]}: {entry['title']}" if number else entry["title"]

    def shown_as(self, wildcards) -> dict[str, str]:
        """The one label in the report.

        With two labels, a report of two figures has a switch, which does not work. Figures and
        tables are under one heading, so they share the label's name.
        """
        name, entry = self.shown(wildcards)
        return {"figure or table": f"{name}: {entry['title']}"}

    def heading(self, wildcards) -> str:
        """The place in the report."""
        _, entry = self.shown(wildcards)
        return self.catalog.papers[entry["paper"]]

    def script(self, wildcards) -> str:
        """The program of a figure or a table: one with its name, or one that several share."""
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
        """The time that their trainings took."""
        packs = self.figure_packs(wildcards)
        return [f"{self.results}/packs/{pack}/timing.json" for pack in packs]

    def figure_settings(self, wildcards) -> str:
        """The settings of the studies of a figure, by their names, as JSON."""
        studies = self.catalog.studies_of(self.catalog.figures[wildcards.figure], wildcards.scale)
        settings = {study: self.catalog.setting(study, wildcards.scale) for study in studies}
        return spec.canonical(settings)

    def claims_of(self, wildcards) -> list[dict[str, Any]]:
        """The claims that can be judged at a scale: all of them, or a paper's."""
        paper = getattr(wildcards, "paper", None)
        chosen = self.catalog.chosen_claims(wildcards.scale)
        return [claim for claim in chosen if paper in (None, claim["paper"])]

    def claimed_studies(self, wildcards) -> list[str]:
        """The studies that these claims ask about."""
        return sorted({claim["study"] for claim in self.claims_of(wildcards)})

    def claimed_data(self, wildcards) -> list[str]:
        """Their data."""
        return [self.study_data(name, wildcards.scale) for name in self.claimed_studies(wildcards)]

    def claims_code(self, wildcards) -> str:
        """The program that judges, with each paper's statistics."""
        papers = {claim["paper"] for claim in self.claims_of(wildcards)}
        claims = [f"latephase.papers.{paper}.claims" for paper in sorted(papers)]
        return self.code("scripts.evaluate_claims", *claims)

    def claims_note(self, wildcards) -> str:
        """What was run, for one study after the other."""
        scale = wildcards.scale
        notes = {study: self.note(scale, study) for study in self.claimed_studies(wildcards)}
        return "; ".join(f"{study}: {note}" for study, note in notes.items())

    def gallery_papers(self, wildcards) -> list[str]:
        """The papers of a gallery: one, or all, those that print figures before what is ours."""
        if hasattr(wildcards, "paper"):
            return [wildcards.paper]
        figures = self.catalog.figures.items()
        printing = {entry["paper"] for name, entry in figures if printed.number(name)}
        return sorted(self.catalog.papers, key=lambda paper: (paper not in printing, paper))

    def gallery_entries(self, kind: str, paper: str, scale: str) -> dict[str, dict[str, Any]]:
        """A paper's chosen figures or tables, in natural order."""
        figures = kind == "figures"
        entries = self.catalog.figures if figures else self.catalog.tables
        chosen = (
            self.catalog.chosen_figures(scale) if figures else self.catalog.chosen_tables(scale)
        )
        own = [name for name in chosen if entries[name]["paper"] == paper]
        return {name: entries[name] for name in sorted(own, key=printed.natural)}

    def gallery_files(self, wildcards) -> dict[str, list[str]]:
        """What a gallery shows: figures, tables, and the data behind them."""
        scale = wildcards.scale
        shown = {
            kind: {
                name: entry
                for paper in self.gallery_papers(wildcards)
                for name, entry in self.gallery_entries(kind, paper, scale).items()
            }
            for kind in ("figures", "tables")
        }
        entries = [entry for some in shown.values() for entry in some.values()]
        studies = {study for entry in entries for study in self.catalog.studies_of(entry, scale)}
        return {
            "figures": [
                f"{self.results}/{scale}/figures/{name}.{kind}"
                for name in shown["figures"]
                for kind in ("pdf", "png", "csv")
            ],
            "tables": [
                f"{self.results}/{scale}/tables/{name}.{kind}"
                for name in shown["tables"]
                for kind in ("csv", "html")
            ],
            "data": [self.study_data(study, scale) for study in sorted(studies)],
        }

    def gallery(self, wildcards) -> str:
        """What a gallery says of them, as JSON: what no file says that was made."""
        scale = wildcards.scale
        judged = {claim["id"]: claim for claim in self.claims_of(wildcards)}
        papers = []
        for paper in self.gallery_papers(wildcards):
            shown = {
                kind: [
                    self._described(name, entry, scale, judged)
                    for name, entry in self.gallery_entries(kind, paper, scale).items()
                ]
                for kind in ("figures", "tables")
            }
            borne = {id_ for some in shown.values() for entry in some for id_ in entry["claims"]}
            own = [id_ for id_, claim in judged.items() if claim["paper"] == paper]
            about = {"key": paper, "heading": self.catalog.papers[paper]} | shown
            about["others"] = [id_ for id_ in own if id_ not in borne]
            about["coverage"] = coverage.rows(self.catalog, paper)
            # A paper of which nothing is known here has no place on the page.
            papers += [about] if about["coverage"] else []
        units = {id_: claim["unit"] for id_, claim in judged.items()}
        return spec.canonical({"papers": papers, "units": units, "scales": SCALES})

    def _described(
        self, name: str, entry: dict[str, Any], scale: str, judged: dict[str, Any]
    ) -> dict[str, Any]:
        """What the catalog says of a figure or a table."""
        studies = self.catalog.studies_of(entry, scale)
        arguments = entry.get("arguments", {})
        borne = coverage.claims_of(self.catalog, name, entry)
        return {
            "name": name,
            "label": printed.label(name),
            "title": entry["title"],
            "question": self.catalog.studies[entry["study"]]["question"],
            "note": self.note(scale, *studies),
            "studies": studies,
            "claims": [claim["id"] for claim in borne if claim["id"] in judged],
            "metric": (arguments.get("both", {}) | arguments.get(scale, {})).get("metric"),
        }

    def titles(self, scale: str) -> list[str]:
        """What the report says about its figures and tables that their files do not."""
        figures = [self.catalog.figures[name] for name in self.catalog.chosen_figures(scale)]
        tables = [self.catalog.tables[name] for name in self.catalog.chosen_tables(scale)]
        entries = figures + tables
        return [f"{self.catalog.papers[entry['paper']]}: {entry['title']}" for entry in entries]
