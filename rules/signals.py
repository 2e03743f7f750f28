"""End Snakemake by a signal so that its programs are told and no lock remains.

By itself, Snakemake waits for the running jobs when SIGTERM asks it to end, which are hours for a
training. If its scheduler is not there yet, or if a terminal is closed, it dies and leaves its
lock.
"""

import contextlib
import queue
import signal
import sys
import threading
import time

import psutil

ASKING = (signal.SIGTERM, signal.SIGHUP)


def heed_while_planning() -> None:
    """While Snakemake plans: end by an exception, on whose way out it unlocks."""
    _heed(lambda number, frame: sys.exit(128 + number))


def heed_while_jobs_run() -> None:
    """Once Snakemake is ready to run jobs: tell our programs to end, and end when they have
    ended.
    """
    finish = signal.getsignal(signal.SIGTERM)  # Snakemake's own: no further job
    # A signal interrupts the main thread, which may hold any lock at that moment. So a thread of
    # its own ends the jobs, and it hears of the signal by a queue that needs no lock.
    asked = queue.SimpleQueue()
    threading.Thread(target=_end, args=(finish, asked), daemon=True).start()
    _heed(lambda *signal_and_frame: asked.put(signal_and_frame))


def _heed(handler) -> None:
    if threading.current_thread() is threading.main_thread():
        for number in ASKING:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
                signal.signal(number, handler)


def _end(finish, asked: queue.SimpleQueue) -> None:
    finish(*asked.get())
    told = set()
    while True:  # one may just be starting
        for process in _children() - told:
            # Not the shell around it, nor tee: the program's last words should be in its log.
            with contextlib.suppress(psutil.Error):
                if any(word.startswith("scripts.") for word in process.cmdline()):
                    process.terminate()
                    told.add(process)
        time.sleep(0.1)


def _children() -> set[psutil.Process]:
    """The processes below this one; none if they change while they are counted."""
    try:
        return set(psutil.Process().children(recursive=True))
    except (psutil.Error, OSError):
        return set()
