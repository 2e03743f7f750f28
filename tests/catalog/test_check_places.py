"""Where results may go: what cannot be is one line."""

import os

import pytest

from latephase.catalog.check_places import check_folder
from latephase.errors import UserError

BAD = {
    "a\nb": r"with '\n'",
    "a{b}": "with '{'",
    'a"b': """with '"'""",
    "it's": 'with "\'"',
    "~/results": "with '~'",
    "$HOME": "with '$'",
    "a*": "with '*'",
    "a;b": "with ';'",
    "a\x00b": r"with '\x00'",
    "-results": "begins with - or has a blank",
    " results": "begins with - or has a blank",
    "results ": "begins with - or has a blank",
    "x" * 300: "File name too long",
    "a/" * 3000: "File name too long",
    "file": "file is not a folder",
    "file/below": "file is not a folder",
    "dangling": "dangling is a link to nothing",
    "dangling/below": "dangling is a link to nothing",
    "loop": "loop is a link to nothing",
}
GOOD = ["results", "new/folder", "./-results", "two words", "folder", "link", "größe", "a.b-c_d"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")


@pytest.mark.parametrize("value", BAD)
def test_what_cannot_be_is_told(value):
    with pytest.raises(UserError) as caught:
        check_folder("results", value, write=True)
    line = str(caught.value)
    assert line.startswith("config: results is ")
    assert BAD[value] in line
    assert "allowed: " in line
    assert line.isprintable()


@pytest.mark.parametrize("value", GOOD)
def test_what_can_be_passes(value, tmp_path):
    before = sorted(tmp_path.iterdir())
    check_folder("results", value, write=True)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ones_own(tmp_path):
    (tmp_path / "folder").chmod(0o500)
    with pytest.raises(UserError, match="nothing can be written to folder"):
        check_folder("results", "folder/new", write=True)
    check_folder("results", "folder/new", write=False)
