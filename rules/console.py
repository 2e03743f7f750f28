"""Show a run of Snakemake as one line that is kept up to date, instead of a few lines for each job.

In a terminal, the line is rewritten in place. If the output is a file, a new line is written every
half a minute. Snakemake's own lines on jobs go to its log in .snakemake/log. With ``--verbose`` or
``--printshellcmds``, they are shown in the place of the line. Warnings and errors are always shown.
"""

import contextlib
import logging
import os
import shutil
import threading
import time
from typing import TextIO

from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from latephase.catalog.entries import Catalog
from rules import planned
from rules.forecast import duration
from rules.status import Status

HIDDEN = {
    LogEvent.JOB_INFO,
    LogEvent.JOB_STARTED,
    LogEvent.JOB_FINISHED,
    LogEvent.GROUP_INFO,
    LogEvent.PROGRESS,
}
"""The messages that Snakemake writes about each job that goes well."""
SELECTING = "Select jobs to execute..."
"""Snakemake also writes this after each job. The message has no event of its own."""
TERMINAL, FILE = 1.0, 30.0
"""Seconds between two lines, in a terminal and in a file."""
SHARE = 0.02
"""The largest share of one processor's time that the line may take."""
ERASE = "\r\033[K"

shown: list["Console"] = []
"""The console of this run, if there is one."""


def follow(workflow, catalog: Catalog) -> bool:
    """Show the line from now on.

    Returns False, and shows nothing, if the user asked for all of Snakemake's lines or for none, or
    if a plugin writes to the terminal.
    """
    asked = workflow.output_settings
    if (
        asked.verbose
        or asked.printshellcmds
        or {Quietness.PROGRESS, Quietness.ALL} & set(asked.quiet)
    ):
        return False
    logger = workflow.logger_manager.logger
    handlers = [h for h in logger.handlers if h.name == "DefaultStreamHandler"]
    if not handlers:
        return False
    given = workflow.global_resources
    cores = workflow.cores if workflow.local_exec else workflow.nodes
    free = {"cores": cores, "gpu": given["gpu"].value if "gpu" in given else None}
    status = Status(
        planned.jobs(workflow.dag, catalog),
        {name: count for name, count in free.items() if count is not None},
        time.time(),
    )
    console = Console(status, handlers[0])
    logger.addHandler(console)
    shown.append(console)
    console.start()
    return True


def stop() -> None:
    """At the end of the run: say how many jobs were done, and show no more lines."""
    while shown:
        shown.pop().stop()


class Console(logging.Handler):
    """Follows Snakemake's messages on its jobs, and writes the line through Snakemake's handler."""

    def __init__(self, status: Status, beside: logging.StreamHandler):
        super().__init__(logging.INFO)
        self.status, self.beside = status, beside
        self.asked = threading.Lock()  # guards the status: jobs end while a line is made
        self.page = Page(beside.stream)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._keep_up, daemon=True)

    def start(self) -> None:
        self.beside.setStream(self.page)
        self.beside.addFilter(is_shown)
        self.thread.start()

    def stop(self) -> None:
        self.over.set()
        self.thread.join()
        taken = duration(time.time() - self.status.began)
        with contextlib.suppress(OSError):
            self.page.write(f"{self.status.counted()} in {taken}\n")
        self.beside.removeFilter(is_shown)
        self.beside.setStream(self.page.stream)

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        with self.asked:
            if event == LogEvent.JOB_STARTED:
                self.status.start(record.jobs, record.created)
            elif event == LogEvent.JOB_FINISHED:
                first = not self.status.drawn
                self.status.end(record.job_id, record.created)
                if first and self.status.drawn:
                    self.page.write(f"first figure: {self.status.drawn}\n")
            elif event == LogEvent.JOB_ERROR:
                self.status.fail(record.jobid)

    def _keep_up(self) -> None:
        pause = TERMINAL
        while not self.over.wait(pause):
            before = time.thread_time()
            with self.asked:
                line = self.status.line(time.time())
            try:
                self.page.show(line)
            except OSError:  # the terminal is closed
                return
            # With thousands of jobs, a line takes longer to make, so it is made less often.
            pause = max(self.page.pause, (time.thread_time() - before) / SHARE)


class Page:
    """A stream whose last line is rewritten. Whole lines that are written meanwhile go above it."""

    def __init__(self, stream: TextIO):
        self.stream, self.lock = stream, threading.Lock()
        self.rewrites = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.pause = TERMINAL if self.rewrites else FILE
        self.line, self.whole = "", True

    def write(self, text: str) -> None:
        with self.lock:
            self.stream.write(f"{ERASE if self.line else ''}{text}")
            self.line, self.whole = "", text.endswith("\n")

    def flush(self) -> None:
        self.stream.flush()

    def isatty(self) -> bool:
        return self.stream.isatty()

    def show(self, line: str) -> None:
        """In a terminal, write a line over the one before. In a file, write it below."""
        with self.lock:
            if not self.rewrites:
                self.stream.write(f"{line}\n")
            elif self.whole:
                # The last column stays empty. Otherwise some terminals go on to the next line.
                columns = max(shutil.get_terminal_size().columns - 1, 1)
                self.line = line if len(line) <= columns else f"{line[: columns - 1]}…"
                self.stream.write(f"{ERASE}{self.line}")
            self.stream.flush()


def is_shown(record: logging.LogRecord) -> bool:
    """Whether Snakemake's own handler shows a line. The console stands for the others."""
    return getattr(record, "event", None) not in HIDDEN and record.msg != SELECTING
