"""A job does the same with the server as without it, and its process is as well ended as any."""

import contextlib
import fcntl
import json
import os
import pty
import shlex
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from latephase.runs import grid, packs
from scripts import start
from scripts.serve import ONE_THREAD

ROOT = Path(__file__).parents[1]
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
COPIED = (
    *("scripts/__init__.py", "scripts/start.py", "scripts/serve.py"),
    *("latephase/__init__.py", "latephase/errors.py"),
    *("latephase/runs/__init__.py", "latephase/runs/code_digest.py"),
)
SNAKEMAKE = """
import os, subprocess, sys
from scripts import serve
serve.start()
with open(os.environ["FOLDER"] + "/server", "w") as file:
    print(serve.servers[0].pid if serve.servers else 0, file=file)
for command in sys.argv[1:]:
    done = subprocess.run(["bash", "-c", command], env=os.environ | serve.ONE_THREAD)
sys.exit(done.returncode)
"""
"""Stands for Snakemake: starts a server, runs jobs, ends."""
HOW = """
import os
with open(os.environ["FOLDER"] + "/how", "a") as file:
    parent = open(f"/proc/{os.getppid()}/cmdline", "rb").read()
    file.write("warm\\n" if b"scripts.serve" in parent else "cold\\n")
"""
"""How every program begins: it notes whether the server has started it."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is a server on Linux alone")


class Root:
    """A folder with programs, and with what starts them."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in COPIED:
            self.write(name, (ROOT / name).read_text())
        base = folder / "base"
        self.site = Path(
            subprocess.check_output(
                [sys.executable, "-c", "import site; print(site.getusersitepackages())"],
                env=os.environ | {"PYTHONUSERBASE": str(base)},
                text=True,
            ).strip()
        )
        self.site.mkdir(parents=True)
        self.environment = os.environ | {
            "PATH": PATH,
            "PYTHONUSERBASE": str(base),
            "PYTHONPATH": str(self.site),
            "FOLDER": str(folder),
        }
        for name in ("LATEPHASE_COLD", "PYTHONUNBUFFERED"):
            self.environment.pop(name, None)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def program(self, text: str, name: str = "job") -> None:
        self.write(f"scripts/{name}.py", HOW + text)

    @contextlib.contextmanager
    def begin(self, *commands: str, **options) -> Iterator[subprocess.Popen]:
        """Start the stand-in for Snakemake, which runs shell commands one after the other."""
        environment = self.environment | options.pop("env", {})
        with subprocess.Popen(
            [sys.executable, "-c", SNAKEMAKE, *commands],
            **{"cwd": self.folder, "env": environment, "text": True, **options},
        ) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise

    def run(self, *commands: str, **options) -> tuple[str, str, int]:
        """Standard output, standard error and exit status of such commands."""
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        with self.begin(*commands, **pipes, **options) as process:
            out, err = process.communicate("given\n", timeout=60)
        return out, err, process.returncode

    def written(self, way: str) -> dict[str, bytes]:
        """What a program wrote that was called in one of the ways of ``CALL``."""
        return {path.suffix[1:]: path.read_bytes() for path in self.folder.glob(f"{way}.*")}

    def how(self) -> list[str]:
        """How the programs were started since this was last asked."""
        file = self.folder / "how"
        lines = file.read_text().split() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines

    def wait_for(self, name: str) -> str:
        """The text of a file that a program is to write."""
        path = self.folder / name
        until(lambda: path.exists() and path.read_text().endswith("\n"))
        return path.read_text().strip()


def until(true, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def alive(process: int) -> bool:
    """Whether a process runs: it is there, and not a zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path)


WAITING = """
import signal, sys, time
told, tell = os.pipe()
os.set_blocking(tell, False)
signal.set_wakeup_fd(tell)  # a byte for each signal, however fast they come
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
    signal.signal(number, lambda number, frame: None)
with open("job", "w") as file:
    print(os.getpid(), file=file)
heard = os.read(told, 1)
time.sleep(0.5)
os.write(tell, b".")
heard += os.read(told, 9)
print(*heard[:-1])
sys.exit(7)
"""
"""Waits for a signal; then, whether another one comes."""
SLOW = """
import time
with open("job", "w") as file:
    print(os.getpid(), file=file)
while not os.path.exists("enough"):
    time.sleep(0.01)
print("done")
"""
"""Ends when it is told to."""
CALL = """
{command} 'a b' "$(printf '\\xff')" '' < given > {way}.out 2> {way}.err
echo $? > {way}.status
mv file {way}.file 2> /dev/null
true
"""

PROGRAMS = {
    "output": "import sys; print('ä', end=''); print('error', file=sys.stderr)",
    "exit_none": "import sys; sys.exit()",
    "exit_number": "import sys; sys.exit(3)",
    "exit_large_number": "import sys; sys.exit(259)",
    "exit_negative_number": "import sys; sys.exit(-1)",
    "exit_text": "import sys; sys.exit('no such thing')",
    "exit_object": "raise SystemExit({'no': 'thing'})",
    "error": "def f():\n    raise ValueError('no')\nf()",
    "error_of_an_error": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise KeyError('no')",
    "syntax_error": "a b",
    "keyboard_interrupt": "raise KeyboardInterrupt",
    "killed": "os.kill(os.getpid(), 9)",
    "terminated": "os.kill(os.getpid(), 15)",
    "aborted": "os.abort()",
    "excepthook": "import sys\nsys.excepthook = lambda *a: print(a[1])\nraise ValueError('no')",
    "global_of_the_starter": "print(socket)",
    "arguments": "import sys; print(sys.argv)",
    "main": "import sys; m = sys.modules['__main__']; print(m.__spec__.name, m.__file__, __name__)",
    "folder": "import sys; print(os.getcwd(), sys.path)",
    "environment": """
print(sorted((k, v) for k, v in os.environ.items() if k not in ("_", "LATEPHASE_COLD")))""",
    "environment_of_c": "import subprocess; subprocess.run(['sh', '-c', 'echo $OMP_NUM_THREADS'])",
    "temporary_folder": "import tempfile; print(tempfile.gettempdir())",
    "input": "import sys; print(sys.stdin.read(), sys.stdin.isatty(), sys.stdout.line_buffering)",
    "umask": "print(os.umask(0))",
    "limits": "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))",
    "open_files": "print(sorted(n for n in os.listdir('/proc/self/fd') if int(n) < 3))",
    "group": "print(os.getpgrp() == os.getpgid(os.getppid()))",
    "signals": "import signal; print([(n, signal.getsignal(n)) for n in range(1, 32)])",
    "at_exit": "import atexit; atexit.register(print, 'at exit')",
    "unclosed_file": "file = open('file', 'w'); file.write('x')",
    "unclosed_file_in_a_circle": """
class Circle: pass
circle = Circle(); circle.itself = circle
circle.file = open("file", "w"); circle.file.write("x")""",
    "thread": """
import threading, time
threading.Thread(target=lambda: (time.sleep(0.2), print("late"))).start()
print("early")""",
    "pool_of_threads": """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(2)
pool.submit(print, "in a thread")""",
    "process": """
import multiprocessing
def f(x): print(x + 1)
if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=f, args=[1])
    process.start()
    process.join()
    print(process.exitcode)""",
    "logging": """
import logging
logging.basicConfig(level=logging.INFO, format="%(message)s")
logging.info("told")""",
    "warning": "import warnings; warnings.warn('careful')",
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_does_the_same(root, text):
    root.write("scripts/job.py", HOW + text)
    root.write("given", "given\n")
    ways = {
        "plain": "python -m scripts.job",
        "warm": "python -m scripts.start job",
        "cold": "LATEPHASE_COLD=1 python -m scripts.start job",
    }
    root.run(*(CALL.format(way=way, command=command) for way, command in ways.items()))
    plain, warm, cold = (root.written(way) for way in ways)
    assert plain["status"] and warm == plain and cold == plain
    if text != PROGRAMS["syntax_error"]:
        count = 1 + text.count("spawn")  # with the processes that the program itself starts
        assert root.how() == ["cold"] * count + ["warm"] * count + ["cold"] * count


def test_a_program_that_is_not_there(root):
    plain = root.run("python -m scripts.nothing")
    assert root.run("python -m scripts.start nothing") == plain
    assert plain[2] == 1 and "No module named scripts.nothing" in plain[1]


def test_a_program_in_a_folder(root):
    root.program("print(__name__)", "figures/over_time")
    assert root.run("python -m scripts.start figures.over_time") == ("__main__\n", "", 0)
    assert root.how() == ["warm"]


def test_no_program(root):
    out, err, status = root.run("python -m scripts.start")
    assert (out, status) == ("", 1) and "LATEPHASE_COLD" in err


@pytest.mark.parametrize(
    "before",
    [
        "umask 077;",
        "ulimit -n 100;",
        "export MORE=1;",
        "export OMP_NUM_THREADS=2;",
        "cd elsewhere; export PYTHONPATH=$PYTHONPATH:..;",
        "nice",
        "exec <&-;",
        "unset HOME;",
    ],
)
def test_in_other_circumstances_it_runs_without_the_server(root, before):
    root.program(
        "import resource\n"
        "print(os.umask(0), resource.getrlimit(resource.RLIMIT_NOFILE), os.nice(0), os.getcwd())\n"
        "print(sorted((k, v) for k, v in os.environ.items() if k != '_'))"
    )
    root.write("elsewhere/x", "")
    command = f"{before} python -m scripts.start job"
    plain = root.run(command.replace("start job", "job"))
    assert plain[2] == 0
    assert root.run(command) == plain
    assert root.how() == ["cold", "cold"]


def test_what_a_shell_sets_for_a_job_does_not_matter(root):
    root.write(root.site / "library.py", "import tempfile\ntempfile.gettempdir()\n")
    root.program("import library, tempfile\nprint(os.environ['SHLVL'], tempfile.gettempdir())")
    root.write("own/x", "")
    command = "export TMPDIR=$PWD/own; (bash -c 'python -m scripts.start job; true') | cat"
    out, _, _ = root.run(command)
    assert out.split()[1] == str(root.folder / "own")
    assert root.how() == ["warm"]
    assert root.run(command.replace("start job", "job"))[0] == out


@pytest.mark.parametrize("name", ["TERM", "INT", "USR1"])
def test_a_signal_to_the_client_reaches_the_program_once(root, name):
    root.program(WAITING)
    with root.begin(
        "set -m; python -m scripts.start job & echo $! > client; wait $!; exit $?",
        stdout=subprocess.PIPE,
    ) as process:
        job = int(root.wait_for("job"))
        client = int(root.wait_for("client"))
        assert client != job
        assert os.getpgid(job) == os.getpgid(client) != os.getpgid(process.pid)  # by set -m
        number = signal.Signals[f"SIG{name}"]
        os.kill(client, number)
        out, _ = process.communicate(timeout=30)
        assert (out, process.returncode) == (f"{int(number)}\n", 7)
    assert root.how() == ["warm"]


@pytest.mark.parametrize("heeds", [True, False])
def test_a_shell_that_ignores_a_signal_leaves_a_program_able_to_heed_it(root, heeds):
    root.program(
        WAITING if heeds else "import signal; print(signal.getsignal(15) is signal.SIG_IGN)"
    )
    command = "trap '' TERM; python -m scripts.start job & echo $! > client; wait $!"
    with root.begin(command, stdout=subprocess.PIPE) as process:
        if heeds:
            root.wait_for("job")
            os.kill(int(root.wait_for("client")), signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert (out, process.returncode) == (("15\n", 7) if heeds else ("True\n", 0))
    assert root.how() == ["warm"]


def test_a_signal_that_kills_a_program_kills_its_client(root):
    root.program(SLOW)
    with root.begin("python -m scripts.start job & echo $! > client; wait $!") as process:
        root.wait_for("job")
        os.kill(int(root.wait_for("client")), signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    assert root.how() == ["warm"]


def test_a_terminal_interrupts_a_program_once(root):
    root.program(WAITING)
    ours, its = pty.openpty()
    with root.begin(
        "trap '' INT; python -m scripts.start job > said",
        stdin=its,
        start_new_session=True,
        preexec_fn=own_terminal,
    ) as process:
        job = int(root.wait_for("job"))
        assert os.getpgid(job) == process.pid
        os.write(ours, b"\x03")
        until(lambda: not alive(job))
        assert root.wait_for("said") == str(int(signal.SIGINT))
        process.kill()
    os.close(ours)
    os.close(its)


def own_terminal():
    """Make standard input the terminal that controls this session, and ignore its Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_killing_the_client_kills_the_program(root):
    root.program(SLOW)
    with root.begin("python -m scripts.start job & echo $! > client; wait $!") as process:
        job = int(root.wait_for("job"))
        os.kill(int(root.wait_for("client")), signal.SIGKILL)
        assert process.wait(30) == 137
        until(lambda: not alive(job))
    assert root.how() == ["warm"]


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
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0
    assert (root.folder / "said").read_text() == "done\n"
    assert root.wait_for("status") == "1"
    assert err == "error: job: its server was ended, so that its status is unknown; run again\n"
    assert root.how() == ["warm", "cold"]


def test_a_server_that_stands_still_is_waited_for_no_longer_than_the_client_lives(root):
    root.program(SLOW)
    with root.begin(
        "sleep 0.5; python -m scripts.start job & echo $! > client; wait $!"
    ) as process:
        server = int(root.wait_for("server"))
        os.kill(server, signal.SIGSTOP)
        client = int(root.wait_for("client"))
        time.sleep(1.5)
        os.kill(client, signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
        os.kill(server, signal.SIGCONT)
    until(lambda: not alive(server))
    assert not (root.folder / "job").exists()


def test_a_caller_elsewhere_has_no_server(root):
    root.program("")
    with root.begin("sleep 30") as process:
        root.wait_for("server")
        subprocess.run(
            ["python", "-m", "scripts.start", "job"],
            cwd=root.folder,
            env=root.environment | ONE_THREAD,
            check=True,
        )
        process.kill()
    assert root.how() == ["cold"]


def test_a_process_in_the_place_of_the_server_is_not_asked(root):
    root.program("")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(start.address(os.getpid()))  # a child of this process calls; this is no child
        other.listen()
        subprocess.run(
            ["python", "-m", "scripts.start", "job"],
            cwd=root.folder,
            env=root.environment,
            check=True,
            timeout=30,
        )
        other.settimeout(5)
        connection, _ = other.accept()
        assert connection.recv(1) == b""
    assert root.how() == ["cold"]


def test_a_client_does_not_ask_another_user_s_server(root):
    command = """python -c "
import scripts.start as start
before = start.find_server()
peer = start.peer
start.peer = lambda connection: (peer(connection)[0], peer(connection)[1] + 1)
print(before is None, start.find_server())" """
    assert root.run(command) == ("False None\n", "", 0)


def test_a_server_refuses_another_user(root):
    program = (root.folder / "scripts/serve.py").read_text()
    other = "    peer = lambda connection: (0, os.getuid() + 1)\n    main()\n"
    root.write("scripts/serve.py", program.replace("    main()\n", other))
    root.program("")
    assert root.run("python -m scripts.start job") == ("", "", 0)
    assert root.how() == ["cold"]


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


def test_jobs_draw_other_random_numbers(root):
    root.program("import random\nimport numpy.random\nprint(random.random(), numpy.random.rand())")
    call = "python -m scripts.start job"
    out, _, _ = root.run(call, call)
    first, second = (line.split() for line in out.splitlines())
    assert first[0] != second[0] and first[1] != second[1]
    assert root.how() == ["warm", "warm"]


def test_a_disk_without_room_for_what_is_printed_is_an_error(root):
    root.program("print('x')")
    _, err, status = root.run("python -m scripts.start job > /dev/full")
    assert status == 120 and "No space left" in err
    assert root.how() == ["warm"]


PACK = {
    "data": {"name": "digits", "train_size": 50, "test_size": 40, "mean": 0.3, "std": 0.4},
    "model": {"name": "mlp", "widths": [12, 8], "init_scale": 2.0},
    "loss": {"name": "mse", "reduction": "sum"},
    "optimizer": {"name": "adamw", "lr": 1e-3, "weight_decay": 0.1},
    "batch_size": 20,
    "steps": 12,
    "checkpoints": {"log": 4},
    "seed": 1,
}


def test_training_and_measuring_give_the_same_bytes(root, digits_file):
    pack = shlex.quote(json.dumps(packs.pack_of([grid.resolved(PACK)])))
    commands = []
    for way, start_program in (("plain", "scripts."), ("warm", "scripts.start ")):
        to = root.folder / way
        commands += [
            f"python -m {start_program}train --pack {pack} --data {digits_file} "
            f"--scratch {to}/scratch --checkpoints {to}/checkpoints "
            f"--history {to}/history.parquet --timing {to}/timing.json",
            f"python -m {start_program}extract.nc0 --checkpoints {to}/checkpoints "
            f"--data {digits_file} --output {to}/nc0.parquet",
        ]
    # It imports torch for the first request that it accepts.
    commands.append("grep -q libtorch /proc/$(cat $FOLDER/server)/maps")
    _, err, status = root.run(*commands, cwd=ROOT)
    assert status == 0, err
    plain, warm = (
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in (root.folder / "plain", root.folder / "warm")
    )
    assert plain.pop("timing.json") and warm.pop("timing.json")
    assert {"history.parquet", "nc0.parquet"} < set(plain) and warm == plain
