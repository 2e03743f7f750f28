"""The training program killed, by SIGKILL or in between; or told to end."""

import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from latephase.errors import UserError
from latephase.storage import checkpoints
from scripts import train
from tests.training import lives, packs
from tests.training.resuming import (
    ENDLESS,
    FEW,
    Killed,
    arguments,
    assert_whole,
    content,
    newest_state,
    results,
)

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("a_state_at_every_checkpoint", "no_waiting_for_the_disk")


def test_killed_while_the_program_puts_its_results_in_place(
    digits_file, uninterrupted, tmp_path, monkeypatch
):
    """At each rename and each removal after the training, then again whole."""
    for call in ("history.parquet", "timing.json", "P/checkpoints", "scratch/P"):
        folder = tmp_path / call.replace("/", "-")
        rename, remove = os.replace, shutil.rmtree

        def replace(source, target, call=call, rename=rename):
            rename(source, target)
            if str(target).endswith(call):
                raise Killed

        def rmtree(path, *rest, call=call, remove=remove, **options):
            if str(path).endswith(call):
                raise Killed
            remove(path, *rest, **options)

        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(os, "replace", replace)
            if call == "scratch/P":
                patch.setattr(shutil, "rmtree", rmtree)
            train.main(arguments(digits_file, folder))
        train.main(arguments(digits_file, folder))
        assert content(folder / "P/checkpoints") == uninterrupted[0]
        table = pd.read_parquet(folder / "P/history.parquet")
        pd.testing.assert_frame_equal(
            table, uninterrupted[1].reset_index(drop=True), check_exact=True
        )
        assert json.loads((folder / "P/timing.json").read_text())["device"] == "cpu"
        assert not (folder / "scratch/P").exists()
        assert not list(folder.rglob("*.part"))


def test_kill_9_at_every_moment(digits_file, placed, tmp_path):
    """Before and after each thing that the program does to a file, and in the middle of writes."""
    for moment in itertools.count(1):
        folder = tmp_path / str(moment)
        words = arguments(digits_file, folder, FEW)
        process = lives.begin(words, moment)
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        assert_whole(folder, placed(FEW))
        train.main(words)
        assert results(folder) == placed(FEW), f"moment {moment}"
        assert list((folder / "scratch").iterdir()) == []
    assert moment > 40


MANY = packs.pack(
    {"seed": 1}, {"seed": 2}, **packs.SGD, steps=6000, checkpoints={"every": [[6000, 150]]}
)
KILLS = 20


def test_kill_9_at_20_random_moments(digits_file, placed, tmp_path):
    """A training is killed and called again until it ends; then the next, until 20 kills."""
    chance, kills, reached = random.Random(4), 0, []
    expected, span = placed(MANY), life_span(digits_file, tmp_path / "timed")
    for life in itertools.count():
        folder = tmp_path / str(life)
        words = arguments(digits_file, folder, MANY)
        while kills < KILLS:
            process = lives.begin(words)
            process.join(chance.uniform(0, span / 3))
            process.kill()
            process.join()
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL
            kills += 1
            reached.append(newest_state(folder))
            assert_whole(folder, expected)
        else:
            # The last of its lives is the program as it is called by the pipeline.
            subprocess.run([sys.executable, "-m", "scripts.train", *words], cwd=ROOT, check=True)
        assert results(folder) == expected
        assert list((folder / "scratch").iterdir()) == []
        if kills == KILLS:
            break
    assert len(set(reached) - {-1, 0}) > KILLS / 4, reached


def life_span(digits_file, folder):
    """The seconds that an uninterrupted training takes, its start included."""
    began = time.monotonic()
    process = lives.begin(arguments(digits_file, folder, MANY))
    process.join()
    assert process.exitcode == 0
    return time.monotonic() - began


def test_two_do_not_train_in_one_folder(digits_file, placed, tmp_path, monkeypatch):
    """What a Snakemake that was killed by force leaves running, the next would start again."""
    monkeypatch.setattr("latephase.storage.lock.PATIENCE_SECONDS", 0.2)
    words = arguments(digits_file, tmp_path, ENDLESS)
    first = lives.begin(words)
    while newest_state(tmp_path) < 0:
        assert first.is_alive()
        time.sleep(0.02)
    words = arguments(digits_file, tmp_path, FEW)
    try:
        with pytest.raises(
            UserError, match=f"scratch/P: process {first.pid} on .* is working there"
        ):
            train.main(words)
    finally:
        first.kill()
        first.join()
    train.main(words)  # the lock went with its process
    assert results(tmp_path) == placed(FEW)


def test_sigterm_saves_and_ends(digits_file, tmp_path):
    """Within a stretch between two checkpoints that takes far longer than anyone would wait."""
    words = arguments(digits_file, tmp_path, ENDLESS)
    command = [sys.executable, "-m", "scripts.train", *words]
    reached = []
    for _ in range(2):
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            told = process.stderr.readline()
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            told += process.stderr.read()
            assert process.wait(60) == 128 + signal.SIGTERM
        assert "the state is saved" in told
        (path,) = (tmp_path / "scratch/P").glob("state_*.safetensors")
        reached.append(checkpoints.read(path)[1]["at"])
    assert 0 < reached[0][0] < reached[1][0] < 10_000_000
    assert reached[0][1] == reached[1][1] == 0
