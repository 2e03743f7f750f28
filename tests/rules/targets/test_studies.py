"""What the data of a study are gathered from."""

import json

from latephase.metrics.families import FAMILIES
from latephase.runs import grid, spec
from latephase.runs.columns import ALWAYS
from tests.rules.targets.asking import SCALE, STUDY, wildcards


def test_a_study_is_gathered_from_all_its_packs(shipped):
    study = wildcards(study=STUDY, scale=SCALE)
    packs = shipped.studies.packs(study)
    of_packs = [f"results/packs/{pack}/{{}}.parquet" for pack in packs]
    assert shipped.studies.histories(study) == [file.format("history") for file in of_packs]
    more = ["mutual_information", "contraction", "curvature"]  # which the study names
    assert shipped.studies.families(study) == [*FAMILIES, *more]
    files = [file.format(name) for name in (*FAMILIES, *more) for file in of_packs]
    assert shipped.studies.measurements(study) == files


def test_what_a_study_is_called_decides_no_run(shipped):
    runs = json.loads(shipped.studies.runs(wildcards(study=STUDY, scale=SCALE)))
    assert {"grid", "optimizer", "steps"} <= set(runs)
    assert not {"title", "margins", "metrics", "pack"} & set(runs)


def test_every_study_s_rows_are_planned_as_the_job_makes_them(shipped):
    """The job is given the study as JSON, whose keys are sorted."""
    for name, study in shipped.catalog.studies.items():
        for scale, setting in study["scales"].items():
            asked = wildcards(study=name, scale=scale)
            given = json.loads(shipped.studies.runs(asked))
            grid.planned_table(shipped.studies.planned(asked), given, ALWAYS)
            if "margins" in setting:
                wanted = json.loads(spec.canonical(shipped.margins.wanted(asked)))["runs"]
                grid.planned_table(shipped.margins.planned(asked), given, only=wanted)
