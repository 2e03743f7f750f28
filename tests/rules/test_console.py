"""How the line stands beside Snakemake's own lines, in a terminal and in a file."""

import io
import logging

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from rules.console import Console, Page, is_shown
from rules.forecast import Job
from rules.status import Status

ERASED = "\r\033[K"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "11")
    monkeypatch.setenv("LINES", "9")


def test_in_a_terminal_the_line_is_rewritten_and_other_lines_stand_above(narrow):
    terminal = Terminal()
    page = Page(terminal)
    page.show("one")
    page.show("two")
    page.write("error")
    page.show("not amid a line")
    page.write("\n")
    page.show("longer than that")
    whole = f"{ERASED}one{ERASED}two{ERASED}error\n{ERASED}longer th…"
    assert terminal.getvalue() == whole


@pytest.mark.parametrize("term", ["dumb", None])
def test_elsewhere_each_line_stands_below_the_one_before(monkeypatch, term):
    """In a file, and in a terminal that cannot do better."""
    if term:
        monkeypatch.setenv("TERM", term)
    file = Terminal() if term else io.StringIO()
    page = Page(file)
    page.show("one")
    page.write("error\n")
    page.show("two")
    assert file.getvalue() == "one\nerror\ntwo\n"


def record(event=None, text="", level=logging.INFO, **about):
    made = logging.LogRecord("snakemake", level, "", 0, text, (), None)
    vars(made).update(about, event=event)
    return made


def test_of_snakemake_s_lines_those_on_jobs_that_go_well_are_hidden():
    hidden = [
        *(LogEvent.JOB_INFO, LogEvent.JOB_STARTED, LogEvent.JOB_FINISHED, LogEvent.PROGRESS),
    ]
    assert not any(is_shown(record(event)) for event in hidden)
    assert not is_shown(record(text="Select jobs to execute..."))
    shown = [LogEvent.JOB_ERROR, LogEvent.ERROR, LogEvent.RUN_INFO, LogEvent.RESOURCES_INFO, None]
    assert all(is_shown(record(event)) for event in shown)


def test_the_console_hears_of_jobs_and_gives_the_stream_back():
    file = io.StringIO()
    beside = logging.StreamHandler(file)
    log = logging.Logger("made up")
    log.addHandler(beside)
    jobs = {
        n: Job("figure", f"draw {n}", 1, ("figure",), (), made=f"figures/{n}.png")
        for n in (1, 2, 3)
    }
    console = Console(Status(jobs, {}, 0), beside)
    log.addHandler(console)
    console.start()
    log.info("Execute 2 jobs...", extra={"event": LogEvent.JOB_STARTED, "jobs": [1, 2, 3]})
    for number in (1, 2):
        log.info("Finished", extra={"event": LogEvent.JOB_FINISHED, "job_id": number})
    log.error("Error in rule figure", extra={"event": LogEvent.JOB_ERROR, "jobid": 3})
    console.stop()
    log.info("Execute it", extra={"event": LogEvent.JOB_INFO})
    first, error, last, after = file.getvalue().splitlines()
    assert first == "first figure: figures/1.png"
    assert error == "Error in rule figure"
    assert last.startswith("2 of 3 jobs, 1 failed in ")
    assert after == "Execute it"


def test_a_terminal_that_was_closed_ends_the_line_and_nothing_else():
    class Closed(Terminal):
        def write(self, text):
            raise OSError(5, "Input/output error")

    console = Console(Status({}, {}, 0), logging.StreamHandler(Closed()))
    console.start()
    console.thread.join(10)
    assert not console.thread.is_alive()
    console.stop()
