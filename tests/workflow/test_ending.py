"""Snakemake is asked to end: its trainings save their state, and no lock stays."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).parents[2]
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
STEPS = 60_000
PATIENCE = 120  # seconds: saving a state takes long where the disk is busy


@pytest.fixture(scope="module")
def project(finished, tmp_path_factory):
    """Data are there, and one pack is to be trained, for seconds."""
    project = finished.copy(tmp_path_factory.mktemp("ending") / "latephase")
    project.edit_study(
        steps=STEPS,
        checkpoints={"log": 6},
        grid={"optimizer.weight_decay": [0.07], "seed": [1]},
        margins={"runs": {"optimizer.weight_decay": 0.07}, "steps": [1, STEPS], "pairs": [[0, 1]]},
    )
    return project


@pytest.fixture(scope="module")
def pack(project):
    (name,) = project.trained_packs("studies")
    return name


@pytest.fixture(scope="module")
def uninterrupted(project, pack, tmp_path_factory):
    whole = project.copy(tmp_path_factory.mktemp("whole") / "latephase")
    whole.make(f"results/packs/{pack}/history.parquet")
    return trained(whole, pack)


def trained(project, pack):
    folder = project.folder / "results/packs" / pack
    paths = [*folder.glob("checkpoints/*"), folder / "history.parquet"]
    return {path.name: path.read_bytes() for path in paths}


@contextlib.contextmanager
def begun(project, pack, **options):
    """Snakemake in a session of its own, its training under way."""
    command = [sys.executable, "-m", "snakemake", f"results/packs/{pack}/history.parquet"]
    process = subprocess.Popen(
        command,
        cwd=project.folder,
        env=os.environ | {"PATH": PATH},
        start_new_session=True,
        **options,
    )
    try:
        log = project.folder / f"results/logs/train/{pack}.log"
        deadline = time.monotonic() + 120
        while not (log.exists() and "starting at step 0" in log.read_text()):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def check_it_goes_on(project, pack, uninterrupted):
    """Called again as it was, to the bytes of a training that nobody broke off."""
    states = list((project.folder / "results/scratch" / pack).glob("state_*"))
    assert len(states) == 1
    assert not list((project.folder / ".snakemake/locks").glob("*"))
    project.make(f"results/packs/{pack}/history.parquet")
    log = (project.folder / f"results/logs/train/{pack}.log").read_text()
    assert "continuing from step" in log
    assert trained(project, pack) == uninterrupted


def test_snakemake_alone_is_terminated(project, pack, uninterrupted, tmp_path):
    copy = project.copy(tmp_path / "copy")
    said = tmp_path / "said.txt"
    with said.open("w") as output, begun(copy, pack, stdout=output, stderr=output) as process:
        process.terminate()
        assert process.wait(PATIENCE) == 1
    assert "the state is saved" in said.read_text()
    check_it_goes_on(copy, pack, uninterrupted)


def test_the_terminal_is_closed(project, pack, uninterrupted, tmp_path):
    copy = project.copy(tmp_path / "copy")
    ours, its = pty.openpty()
    with begun(copy, pack, stdin=its, stdout=its, stderr=its, preexec_fn=own_terminal) as process:
        os.close(its)
        os.close(ours)
        process.wait(PATIENCE)
    check_it_goes_on(copy, pack, uninterrupted)


def own_terminal():
    """Make standard input the terminal that controls this session."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_everything_is_interrupted_as_by_ctrl_c(project, pack, uninterrupted, tmp_path):
    copy = project.copy(tmp_path / "copy")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with begun(copy, pack, **quiet) as process:
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE) == 1
    check_it_goes_on(copy, pack, uninterrupted)


PLANNING = """
import signal, time
from rules import signals
{before}
signals.heed_while_planning()
try:
    print("locked", flush=True)
    time.sleep({patience})
finally:
    print("unlocked")
"""


def ended(number, before="", patience=60):
    """What a Snakemake that is still planning says, and its status, after a signal."""
    code = PLANNING.format(before=before, patience=patience)
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"
        process.send_signal(number)
        return process.stdout.read(), process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_there_are_jobs_unlocks(number):
    assert ended(number) == ("unlocked\n", 128 + number)


def test_what_nohup_ignores_stays_ignored():
    ignore = "signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    assert ended(signal.SIGHUP, ignore, patience=1) == ("unlocked\n", 0)
