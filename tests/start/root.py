"""A folder with programs, and with what starts them."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
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

    def edit(self, name: str, old: str, new: str) -> None:
        """Change what stands once in a file."""
        text = (self.folder / name).read_text()
        assert text.count(old) == 1
        self.write(name, text.replace(old, new))

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
