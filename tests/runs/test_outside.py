"""The checkpoints that other code made: which files they are, and what tells them apart."""

import os

import pytest

from latephase.errors import UserError
from latephase.runs import outside


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return str(folder)


def steps(folder, pattern=None):
    return [step for step, _ in outside.files(folder, pattern)]


NAMED = {
    "step_{step}.pt": ["step_10.pt", "step_0002.pt", "best.pt", "step_3.ckpt", "xstep_4.pt"],
    "epoch=*-step={step}.ckpt": ["epoch=1-step=10.ckpt", "epoch=0-step=2.ckpt", "epoch=1.ckpt"],
    "checkpoint-{step}/model.safetensors": [
        *("checkpoint-10/model.safetensors", "checkpoint-2/model.safetensors"),
        *("checkpoint-2/optimizer.pt", "model.safetensors"),
    ],
    "*{step}*.pt": ["a2b.pt", "a10.pt", "b.pt"],
    "net[1]_{step}.pt": ["net[1]_2.pt", "net[1]_10.pt", "net1_5.pt"],
}


@pytest.mark.parametrize("pattern", NAMED)
def test_a_pattern_says_where_the_step_stands(tmp_path, pattern):
    outside.check_pattern(pattern)
    assert steps(fill(tmp_path, *NAMED[pattern]), pattern) == [2, 10]


UNNAMED = [
    ["2.pt", "10.pth", "notes.txt", "best.ckpt"],
    ["step_2.safetensors", "step_10.safetensors", "config_3.json"],
    ["epoch=0-step=2.ckpt", "epoch=1-step=10.ckpt", "last.ckpt"],
    ["resnet18_step2.pt", "resnet18_step10.pt"],
]


@pytest.mark.parametrize("names", UNNAMED)
def test_without_a_pattern_the_name_says_it(tmp_path, names):
    assert steps(fill(tmp_path, *names)) == [2, 10]


WRONG = {
    "two of a step": (["step_1.pt", "step_01.pt"], None, r"step_1\.pt: of step 1, as step_01\.pt"),
    "two by a pattern": (["a_1.pt", "b_1.pt"], "*_{step}.pt", r"b_1\.pt: of step 1, as a_1\.pt is"),
    "two numbers": (["net18_7.pt"], None, r"its step may be 18 or 7; allowed: a pattern"),
    "none fits": (
        ["a.pt", "b.pt"],
        "step_{step}.pt",
        r"no file fits step_\{step\}.pt; there: a\.pt",
    ),
    "none has a number": (["best.pt"], None, r"no file fits \*\{step\} and one of .*; there: best"),
    "nothing": ([], None, "there: nothing"),
    "too large": (["step_1000000000.pt"], None, "its step is 1000000000; allowed: at most"),
}


def test_names_with_the_word_go_before_names_with_a_number(tmp_path):
    """``resnet18.pt`` beside checkpoints is of no step."""
    folder = fill(tmp_path, "resnet18.pt", "step_5.pt", "step_50.pt")
    assert [step for step, _ in outside.files(folder)] == [5, 50]


@pytest.mark.parametrize("names, pattern, told", WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_named(tmp_path, names, pattern, told):
    with pytest.raises(UserError, match=told):
        outside.files(fill(tmp_path, *names), pattern)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="nowhere: no such folder"):
        outside.files(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("pattern", ["step.pt", "{step}_{step}.pt", "{step}.npz", "/{step}.pt",
                                     "../{step}.pt"])  # fmt: skip
def test_a_pattern_that_cannot_be_one(pattern):
    with pytest.raises(UserError, match="allowed: a path below the folder"):
        outside.check_pattern(pattern)


def test_the_content_goes_by_steps_and_bytes_alone(tmp_path):
    folder = fill(tmp_path / "a", "step_1.pt", "step_2.pt")
    known = outside.content(outside.files(folder))
    os.utime(tmp_path / "a/step_1.pt", (0, 0))
    (tmp_path / "a").rename(tmp_path / "b")
    (tmp_path / "b/step_1.pt").rename(tmp_path / "b/my-step-1.pt")
    folder = str(tmp_path / "b")
    assert outside.content(outside.files(folder)) == known
    (tmp_path / "b/my-step-1.pt").write_text("step_1.pT")
    assert outside.content(outside.files(folder)) != known
    (tmp_path / "b/my-step-1.pt").write_text("step_1.pt")
    (tmp_path / "b/my-step-1.pt").rename(tmp_path / "b/my-step-3.pt")
    assert outside.content(outside.files(folder)) != known


def test_the_code_is_what_the_file_and_its_neighbours_compute(tmp_path):
    from latephase.runs import code_digest

    file, beside = tmp_path / "my_model.py", tmp_path / "layers.py"

    def code():
        code_digest.forget()
        return outside.code(str(file))

    file.write_text("from layers import size\n\n\ndef net():\n    return size\n")
    beside.write_text("size = 3\n")
    known = code()
    file.write_text('"""Mine."""\n# A remark.\nfrom layers import size\ndef net():\n  return size')
    assert code() == known
    beside.write_text("size = 4\n")
    assert code() != known
    (tmp_path / "other.py").write_text("size = 5\n")
    beside.write_text("size = 3\n")
    assert code() == known


@pytest.mark.parametrize("name", ["my_model.py", "my_model.txt", "my.model.py", "folder.py"])
def test_a_file_that_is_no_module(tmp_path, name):
    (tmp_path / "my_model.txt").touch()
    (tmp_path / "my.model.py").touch()
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(UserError, match="allowed: a file of Python"):
        outside.code(str(tmp_path / name))
