"""What Snakemake does when it is asked to end. With jobs: tests/workflow/test_ending.py."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rules import signals

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def handlers():
    """As a Snakemake has them that a terminal started; afterwards as they were."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in signals.ASKING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def heeded():
    return [signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN)
            for number in signals.ASKING]  # fmt: skip


@pytest.mark.parametrize("number", signals.ASKING)
def test_while_it_plans_a_signal_is_an_exception(number):
    signals.heed_while_planning()
    unlocked = []
    with pytest.raises(SystemExit) as ended:
        try:
            signal.raise_signal(number)
        finally:
            unlocked.append(True)
    assert ended.value.code == 128 + number and unlocked == [True]


@pytest.mark.parametrize("install", [signals.heed_while_planning, signals.heed_while_jobs_run])
def test_an_ignored_signal_stays_ignored(install):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    install()
    assert heeded() == [True, False]
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize("install", [signals.heed_while_planning, signals.heed_while_jobs_run])
def test_another_thread_than_the_main_one_changes_nothing(install):
    """As where Snakemake is called as a library: Python allows it to the main thread alone."""
    thread = threading.Thread(target=install)
    thread.start()
    thread.join()
    assert heeded() == [False, False]


SNAKEMAKE = """
import shlex, signal, subprocess, sys, threading, time
from rules import signals

lock = threading.Lock()

def finish(number, frame):
    with lock:
        print("finish", number, flush=True)

signal.signal(signal.SIGTERM, finish)
signals.heed_while_jobs_run()
python = [sys.executable, "-c"]
program, other, late = sys.argv[1:]
jobs = [
    subprocess.Popen(["sh", "-c", shlex.join([*python, program, "scripts.train"]) + "; true"]),
    subprocess.Popen([*python, other, "train"], stdin=subprocess.PIPE),
]
with lock:  # the main thread is interrupted while it holds it
    time.sleep(1.5)
late = subprocess.Popen([*python, late, "scripts.train"])
print("late", late.wait(), "shell", jobs[0].wait(), "other", jobs[1].poll())
jobs[1].communicate()
"""
"""Stands for Snakemake: a program in a shell, what is none, and a program that begins late."""
PROGRAM = """
import signal, time
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append(1))
print("begun", flush=True)
while not told:
    time.sleep(0.01)
time.sleep(0.5)
print("told", len(told), flush=True)
"""
OTHER = "import sys; sys.stdin.read()"
LATE = "import time; time.sleep(60)"


@pytest.mark.parametrize("number", signals.ASKING)
def test_with_jobs_it_finishes_and_tells_each_program_once(number):
    command = [sys.executable, "-c", SNAKEMAKE, PROGRAM, OTHER, LATE]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    finish, *rest = said.splitlines()
    assert finish == f"finish {number}"
    assert rest == ["told 1", f"late {-signal.SIGTERM} shell 0 other None"]
