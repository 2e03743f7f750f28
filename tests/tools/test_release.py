"""A release is what git has at a tag, and says so itself."""

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

from latephase.errors import UserError
from scripts.tools import release

ROOT = Path(__file__).parents[2]
FILES = {
    "CHANGELOG.md": "# Changes\n\n## Unreleased\n\n- b\n\n## 1.2.0 (2026-11-22)\n\n- a\n",
    "CITATION.cff": 'cff-version: 1.2.0\nversion: 1.2.0\ntitle: "t"\n',
    ".zenodo.json": '{"version": "1.2.0", "title": "t"}\n',
    "pyproject.toml": '[project]\nname = "t"\nversion = "1.2.0"\n',
    "shipped/study.parquet": "numbers\n",
}


def git(folder, *args):
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(["git", "-C", str(folder), *identity, *args], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """With a tag, and a commit after it."""
    folder = tmp_path / "repository"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder.parent, "init", "-q", str(folder))
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    git(folder, "tag", "v1.2.0")
    (folder / "later.txt").write_text("later\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "two")
    return folder


def made(repository, folder, tag="v1.2.0"):
    release.main([tag, "--root", str(repository), "--output", str(folder)])
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_archive_holds_what_is_committed_at_the_tag(repository, tmp_path, capsys):
    files = made(repository, tmp_path / "dist")
    archive = "latephase-1.2.0.tar.gz"
    assert files.keys() == {archive, "CITATION.cff", "zenodo.json", "SHA256SUMS"}
    assert str(tmp_path / "dist" / archive) in capsys.readouterr().out
    with tarfile.open(tmp_path / "dist" / archive) as tar:
        kept = {m.name: tar.extractfile(m).read().decode() for m in tar.getmembers() if m.isfile()}
    assert kept == {f"latephase-1.2.0/{name}": text for name, text in FILES.items()}
    for line in files["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert digest == hashlib.sha256(files[name]).hexdigest()
    assert files["SHA256SUMS"].count(b"\n") == 3


def test_a_tag_gives_the_same_bytes_each_time(repository, tmp_path):
    assert made(repository, tmp_path / "one") == made(repository, tmp_path / "two")


def untracked(folder):
    (folder / "mine.txt").write_text("mine\n")


def changed(folder):
    (folder / "later.txt").write_text("changed\n")


def without_an_entry(folder):
    git(folder, "tag", "v1.3.0")


def with_another_version(file, old, new):
    def edit(folder):
        (folder / file).write_text((folder / file).read_text().replace(old, new))
        git(folder, "commit", "-qam", "three")
        git(folder, "tag", "-f", "v1.2.0")

    return edit


@pytest.mark.parametrize(
    ("edit", "tag", "line"),
    [
        (untracked, "v1.2.0", "mine.txt: not committed; allowed: a clone without changes"),
        (changed, "v1.2.0", "later.txt: not committed; allowed: a clone without changes"),
        (None, "v9.9.9", "tag v9.9.9 does not exist; allowed: a tag of git"),
        (None, "1.2.0", "tag is '1.2.0'; allowed: v and three numbers"),
        (None, "--all", "tag is '--all'; allowed: v and three numbers"),
        (without_an_entry, "v1.3.0", "CHANGELOG.md: no entry for 1.3.0 at v1.3.0"),
        (
            with_another_version("CITATION.cff", "1.2.0\ntitle", "1.1.0\ntitle"),
            "v1.2.0",
            "CITATION.cff: version is '1.1.0' at v1.2.0; allowed: 1.2.0",
        ),
        (
            with_another_version(".zenodo.json", "1.2.0", "1.1.0"),
            "v1.2.0",
            ".zenodo.json: version is '1.1.0' at v1.2.0; allowed: 1.2.0",
        ),
        (
            with_another_version("pyproject.toml", "1.2.0", "1.1.0"),
            "v1.2.0",
            "pyproject.toml: version is '1.1.0' at v1.2.0; allowed: 1.2.0",
        ),
    ],
)
def test_what_is_no_release_is_refused_in_one_line(repository, tmp_path, edit, tag, line):
    if edit:
        edit(repository)
    with pytest.raises(UserError) as refused:
        release.check(repository, tag)
    assert str(refused.value).startswith(line)


def test_a_refusal_writes_nothing(repository, tmp_path, capsys):
    untracked(repository)
    with pytest.raises(SystemExit):
        made(repository, tmp_path / "dist")
    assert not (tmp_path / "dist").exists()
    assert capsys.readouterr().err.startswith("error: mine.txt: not committed; ")


def test_this_repository_s_files_agree_on_the_version():
    zenodo = json.loads((ROOT / ".zenodo.json").read_text())
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert zenodo["version"] == citation["version"]
    assert f"## {citation['version']} (" in (ROOT / "CHANGELOG.md").read_text()
    assert f'version = "{citation["version"]}"' in (ROOT / "pyproject.toml").read_text()
    assert zenodo["title"] == citation["title"]
    papers = {reference["url"].rpartition("/")[2] for reference in citation["references"]}
    related = zenodo["related_identifiers"]
    assert {entry["identifier"].removeprefix("arXiv:") for entry in related} == papers
