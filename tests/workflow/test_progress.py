"""What the snakemake command shows while it runs: one line, and what went wrong."""

import os
import pty
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.workflow

ONE_STUDY = "results/quick/studies/weight_decay_mlp.parquet"
OF_A_JOB = re.compile(r"^(Job \d+: |Finished jobid|Execute \d+ jobs|Select jobs)", re.MULTILINE)


def logged(project):
    """What Snakemake itself kept of all runs."""
    return "".join(path.read_text() for path in (project.folder / ".snakemake/log").iterdir())


def test_a_run_is_one_line_and_an_error_is_seen_whole(fresh_project):
    program = fresh_project.folder / "scripts/extract/nc0.py"
    intact = program.read_text()
    fresh_project.append("scripts/extract/nc0.py", 'raise SystemExit("error: made up for this")')
    text, status = fresh_project.run("-c2", ONE_STUDY)
    assert status == 1
    assert not OF_A_JOB.search(text) and "\r" not in text
    assert "starting at step 0" not in text  # what a job says goes to its log
    assert re.search(r"^\d+ of 12 jobs, .* left", text, re.MULTILINE)
    assert re.search(r"^9 of 12 jobs, 2 failed in ", text, re.MULTILINE)
    assert "Error in rule extract:" in text
    assert re.search(r"^error: made up for this$", text, re.MULTILINE)
    assert OF_A_JOB.search(logged(fresh_project))

    program.write_text(intact)
    text = fresh_project.make("-c2", "--verbose", ONE_STUDY)
    assert len(re.findall("^Finished jobid", text, re.MULTILINE)) == 3
    assert not re.search(r"^\d+ of \d+ jobs", text, re.MULTILINE)
    assert "run-checkpoints/s" in text


def test_in_a_terminal_the_line_is_rewritten(fresh_project):
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "-c1", "results/data/digits.safetensors"],
        cwd=fresh_project.folder,
        env=os.environ | {"TERM": "xterm"},
        stdin=its,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    text = ""
    while True:
        try:
            text += os.read(ours, 4096).decode(errors="replace")
        except OSError:  # its end is closed
            break
    os.close(ours)
    assert process.wait(60) == 0, text
    assert "\r\033[K0 of 1 jobs, " in text
    assert re.search(r"1 of 1 jobs in \d+ s", text)
    assert not OF_A_JOB.search(text)
