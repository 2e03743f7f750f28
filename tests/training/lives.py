"""Lives of the training program: processes that are really killed, by SIGKILL."""

import itertools
import multiprocessing
import os
import signal
import sys
from pathlib import Path

from latephase.training import trainer
from scripts import train

DONE = ("os.mkdir", "os.remove", "os.rename", "os.rmdir")
"""What Python tells of that a program does to files, beside opening one to write."""

LIVES = multiprocessing.get_context("forkserver")
LIVES.set_forkserver_preload([__name__])  # so that torch is imported once, and not in each


def begin(words: list[str], moment: int = 0) -> multiprocessing.Process:
    """Begin to train; to be killed before the given moment, counted from 1, of those there are."""
    process = LIVES.Process(target=_live, args=(words, moment))
    process.start()
    return process


def _live(words: list[str], moment: int) -> None:
    trainer.STATE_SECONDS = -1.0  # a state at every checkpoint
    os.fsync = lambda _: None  # a killed process, unlike a machine without power, needs none
    _die_at(moment)
    train.main(words)


def _die_at(moment: int) -> None:
    """Be killed before a file is opened, made, removed, renamed; or when it is half written."""
    count = itertools.count(1)

    def passes() -> None:
        if next(count) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def told(event: str, args: tuple) -> None:
        if event in DONE or (event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR)):
            passes()

    def write_bytes(path: Path, content: bytes) -> None:
        with path.open("wb", buffering=0) as file:
            file.write(content[: len(content) // 2])
            passes()
            file.write(content[len(content) // 2 :])

    sys.addaudithook(told)
    Path.write_bytes = write_bytes
