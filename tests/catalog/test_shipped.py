"""The manifest of the data that come with the repository."""

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from latephase.catalog import load, shipped
from latephase.catalog.strict_yaml import read_yaml
from latephase.errors import UserError
from rules.shipped import Shipped

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
SCHEMA = read_yaml(ROOT / "catalog/schemas/shipped.schema.yaml", "shipped.schema.yaml")
TRAINED = {
    "commit": "0" * 40,
    "shipped": "2026-12-01",
    "hours": 1.5,
    "device": "cpu",
    "machine": "x86_64",
    "torch": "2.13.0",
}
ENTRY = {"files": {"a.parquet": "1" * 64}, "planned": "p", "runs": 3, "rows": 9, "trained": TRAINED}
MANIFEST = {"studies": {"paper": {"a": ENTRY}}, "results": {"paper": {"claims.csv": "2" * 64}}}


def written(root, text):
    (root / "shipped").mkdir(exist_ok=True)
    (root / shipped.MANIFEST).write_text(text)
    return root


def test_without_a_manifest_nothing_is_shipped(tmp_path):
    assert shipped.read(tmp_path, SCHEMA) == {"studies": {}, "results": {}}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{", "shipped/manifest.json: cannot be read"),
        ("[]", "shipped/manifest.json"),
        ('{"studies": {}}', "results"),
        ('{"studies": {"paper": {"a": {}}}, "results": {}}', "shipped/manifest.json"),
        ('{"studies": {}, "results": {"paper": {"claims.csv": "short"}}}', "claims.csv"),
    ],
)
def test_a_wrong_manifest_is_refused_in_one_line(tmp_path, text, line):
    with pytest.raises(UserError, match=line) as told:
        shipped.read(written(tmp_path, text), SCHEMA)
    assert "\n" not in str(told.value)


def test_a_study_is_shipped_as_it_is_planned_or_refused():
    assert shipped.study(MANIFEST, "a", "paper", "p") == ENTRY
    with pytest.raises(UserError, match=r"study b are shipped at scale paper; .*shipped \(a\)"):
        shipped.study(MANIFEST, "b", "paper", "p")
    with pytest.raises(UserError, match=r"study a are shipped at scale quick; .*\(none"):
        shipped.study(MANIFEST, "a", "quick", "p")
    with pytest.raises(UserError, match=r"shipped/paper/a\.parquet: its runs are not those"):
        shipped.study(MANIFEST, "a", "paper", "other")
    with pytest.raises(
        UserError, match=r"a\.margins\.parquet is not among .*; allowed: data=trained, or .* a\.par"
    ):
        shipped.checksum(ENTRY["files"], "a.margins.parquet")


def test_where_they_come_from_is_said_in_a_few_words():
    told = shipped.origin(MANIFEST, ["a"], "paper")
    assert told == "data shipped with the repository (trained at 0000000)"


def test_with_shipped_data_only_their_studies_are_chosen():
    """No data of the user's are needed for them, and no other study is made."""
    catalog = load.load(ROOT, CONFIG | {"data": "shipped"})
    catalog.shipped.update({"studies": {"paper": {"transformer_sst2": ENTRY}}, "results": {}})
    assert catalog.chosen_studies("paper") == ["transformer_sst2"]
    assert catalog.chosen_studies("quick") == []
    assert {claim["study"] for claim in catalog.chosen_claims("paper")} <= {"transformer_sst2"}
    assert catalog.note(["transformer_sst2"], "paper").endswith(
        "; data shipped with the repository (trained at 0000000)"
    )


def test_what_the_repository_ships_fits_its_catalog():
    """Its files have the checksums of the manifest; its studies are those of the catalog; every
    figure, table and verdict that can be made from them is shipped, and nothing else.
    """
    held = Shipped(load.load(ROOT, CONFIG), ROOT)
    files = {shipped.MANIFEST, f"{shipped.FOLDER}/README.md"}
    for scale, studies in held.manifest["studies"].items():
        for study, entry in studies.items():
            for name, sha256 in entry["files"].items():
                part = name.removeprefix(study).removesuffix(".parquet")
                wildcards = SimpleNamespace(study=study, scale=scale, part=part)
                file = held.source(wildcards)
                assert held.sha256(wildcards) == sha256
                assert hashlib.sha256((ROOT / file).read_bytes()).hexdigest() == sha256
                files.add(file)
        again = held.again
        made = [
            *again.asked.figures(scale),
            *again.asked.tables(scale),
            f"{held.folder}/{scale}/claims.csv",
        ]
        assert {file for file in made if file.endswith(".csv")} == {
            f"{held.folder}/{scale}/{name}" for name in held.manifest["results"][scale]
        }
    for file, sha256 in zip(held.results().values(), held.checksums(), strict=True):
        assert hashlib.sha256((ROOT / file).read_bytes()).hexdigest() == sha256
        files.add(file)
    there = {path for path in (ROOT / shipped.FOLDER).rglob("*") if path.is_file()}
    assert {path.relative_to(ROOT).as_posix() for path in there} <= files
    assert sum(path.stat().st_size for path in there) <= 10_000_000
