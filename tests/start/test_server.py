"""The server: how long it lives, what it imports, what it cannot do."""

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

from tests.start.root import SLOW, alive, until


def test_the_server_ends_with_snakemake(root):
    with root.begin("sleep 30") as process:
        server = int(root.wait_for("server"))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(server, number)
        time.sleep(0.2)
        assert alive(server)
        process.kill()
    until(lambda: not alive(server))


def test_a_program_outlives_snakemake_and_the_server_stays_with_it(root):
    root.program(SLOW)
    with root.begin("python -m scripts.start job > said; echo $? > status") as process:
        job = int(root.wait_for("job"))
        server = int(root.wait_for("server"))
        process.kill()
    time.sleep(0.2)
    assert alive(job) and alive(server)
    root.write("enough", "")
    assert root.wait_for("status") == "0"
    assert root.wait_for("said") == "done"
    until(lambda: not alive(server))


def test_the_server_holds_nothing_of_snakemake_s(root):
    with root.begin("sleep 30", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        folder = Path(f"/proc/{root.wait_for('server')}/fd")
        held = {path.name: str(path.readlink()) for path in folder.iterdir()}
        assert [held[name] for name in "012"] == [os.devnull] * 3
        theirs = {str(Path(f"/proc/{process.pid}/fd/{name}").readlink()) for name in "12"}
        assert all("pipe" in pipe for pipe in theirs) and not theirs & set(held.values())
        process.kill()


def test_the_server_is_killed_while_a_program_runs(root):
    root.program(SLOW)
    first = "python -m scripts.start job > said; echo $? > status"
    with root.begin(first, "python -m scripts.start job", stderr=subprocess.PIPE) as process:
        job = int(root.wait_for("job"))
        os.kill(int(root.wait_for("server")), signal.SIGKILL)
        time.sleep(0.2)
        assert alive(job)
        assert not (root.folder / "status").exists()
        root.write("enough", "")
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0
    assert (root.folder / "said").read_text() == "done\n"
    assert root.wait_for("status") == "1"
    assert err == "error: job: its server was ended, so that its status is unknown; run again\n"
    assert root.how() == ["warm", "cold"]


def test_a_job_sees_what_was_edited(root):
    root.write("latephase/part.py", "WORD = 'old'\n")
    root.program("from latephase.part import WORD\nprint(WORD)")
    call = "python -m scripts.start job"
    out, _, _ = root.run(call, "echo \"WORD = 'newer'\" > latephase/part.py", call)
    assert out == "old\nnewer\n"
    assert root.how() == ["warm", "warm"]


def test_libraries_are_imported_once_and_the_project_never(root):
    root.write(root.site / "library/__init__.py", "print(end='imported', file=open('log', 'a'))\n")
    root.write(root.site / "library/inner.py", "")
    root.write(root.site / "broken.py", "raise SystemExit('broken')\n")
    root.write("latephase/part.py", "import broken\nfrom library import inner, absent\n")
    root.program(
        "import sys; print([n for n in sys.modules if n.startswith(('library', 'latephase'))])\n"
        "if len(sys.argv) > 9:\n    from latephase import part"
    )
    call = "python -m scripts.start job"
    out, err, status = root.run(call, call)
    assert (out, err, status) == ("['library', 'library.inner']\n" * 2, "", 0)
    assert (root.folder / "log").read_text() == "imported"


def test_a_library_with_a_thread_is_not_forked(root):
    root.write(
        root.site / "threaded.py",
        "from threading import Event, Thread\nThread(target=Event().wait, daemon=True).start()",
    )
    root.program("")
    root.program("import threaded", "other")
    calls = [f"python -m scripts.start {name}" for name in ("job", "other", "job")]
    assert root.run(*calls) == ("", "", 0)
    assert root.how() == ["warm", "cold", "cold"]


def test_many_at_once(root):
    root.program(
        "import sys, time; time.sleep(0.3); print(sys.argv[1]); sys.exit(int(sys.argv[1]))"
    )
    out, err, status = root.run(
        "for i in {1..20}; do (python -m scripts.start job $i > $i; echo $? > s$i) & done; wait"
    )
    assert (out, err, status) == ("", "", 0)
    for i in range(1, 21):
        assert (root.folder / str(i)).read_text() == (root.folder / f"s{i}").read_text()
        assert (root.folder / str(i)).read_text() == f"{i}\n"
    assert root.how() == ["warm"] * 20


def test_a_server_that_cannot_fork_refuses(root):
    """Too many processes, too little memory: the jobs that run are none the worse for it."""
    root.edit(
        "scripts/serve.py",
        "job = os.fork() if request else None",
        "job = os.fork() if not self.jobs else os.open('/dev/null/none', 0)",
    )
    root.program(SLOW, "slow")
    root.program("")
    first = "python -m scripts.start slow > said & slow=$!; until test -s job; do sleep 0.1; done"
    out, err, status = root.run(f"{first}; python -m scripts.start job; touch enough; wait $slow")
    assert (out, err, status) == ("", "", 0)
    assert (root.folder / "said").read_text() == "done\n"
    assert root.how() == ["warm", "cold"]


def test_a_server_without_an_open_file_to_spare_refuses(root):
    root.program("import time; time.sleep(1)")
    jobs = "for i in {1..20}; do (python -m scripts.start job; echo $? >> statuses) & done; wait"
    limited = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))}
    assert root.run(jobs, **limited) == ("", "", 0)
    assert (root.folder / "statuses").read_text() == "0\n" * 20
    assert set(root.how()) == {"warm", "cold"}
