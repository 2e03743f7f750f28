"""If a signal asks Snakemake to end, end its jobs first, and leave no lock.

By itself, Snakemake waits for the running jobs when SIGTERM asks it to end. A training takes hours.
If its scheduler has not started yet, or if the terminal is closed, Snakemake dies and leaves its
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
    """While Snakemake plans: end by an exception, which makes it unlock on its way out."""
    _heed(lambda number, frame: sys.exit(128 + number))


def heed_while_jobs_run() -> None:
    """When Snakemake is ready to run jobs: tell our programs to end, and end after them."""
    finish = signal.getsignal(signal.SIGTERM)  # Snakemake's own, which starts no further job
    # A signal interrupts the main thread, which may hold any lock at that moment. So another thread
    # ends the jobs. It hears of the signal through a queue that needs no lock.
    asked = queue.SimpleQueue()
    threading.Thread(target=_end, args=(finish, asked), daemon=True).start()
    _heed(lambda *signal_and_frame: asked.put(signal_and_frame))


def _heed(handler) -> None:
    if threading.current_thread() is threading.main_thread():
        for number in ASKING:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP
                signal.signal(number, handler)


def _end(finish, asked: queue.SimpleQueue) -> None:
    finish(*asked.get())
    told = set()
    while True:  # again and again, because a program may just be starting
        for process in _children() - told:
            # The shell around the program, and tee, are not told. So the program's last lines reach
            # its log.
            with contextlib.suppress(psutil.Error):
                if any(word.startswith("scripts.") for word in process.cmdline()):
                    process.terminate()
                    told.add(process)
        time.sleep(0.1)


def _children() -> set[psutil.Process]:
    """The processes below this one. None of them if they change while they are listed."""
    try:
        return set(psutil.Process().children(recursive=True))
    except (psutil.Error, OSError):
        return set()
