"""The server behind :mod:`scripts.start`. It imports libraries once, and forks for each job.

    python -m scripts.serve <process id of Snakemake>

Snakemake starts the server by :func:`start`. The server ends when Snakemake and all jobs have
ended. For a job, it imports only installed packages, never the project's own modules. The job
imports these itself, as they are at that moment. The server has no threads. If a library starts
one, the server forks no more, and the jobs that follow run without it.
"""

import ast
import atexit
import contextlib
import gc
import importlib
import importlib.util
import json
import os
import runpy
import select
import signal
import site
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from latephase.errors import UserError
from latephase.runs import code_digest
from scripts.start import ARROW, PER_JOB, address, circumstances, end_with, peer

ROOT = Path(__file__).parents[1]
PROJECT = ("latephase", "rules", "scripts")
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "GOTO_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}
"""What Snakemake sets for a job with one thread. A job with more runs without the server."""
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals to all jobs also reach the server. It ignores these: it ends after Snakemake."""
PATIENCE = 5
"""Seconds that a client has to send its request, and as many to tell the server to go on."""
LONGEST = 1 << 26
"""The most bytes of a request. The kernel allows fewer for a command and its environment."""
UNWRITTEN = 120
"""The exit status of a Python that could not write all that it printed."""
Request = dict[str, Any]

servers: list[subprocess.Popen] = []
"""The server of this process. Its standard input stays open while this process lives."""


def start(before: str = "") -> None:
    """Start a server for the jobs of this process, Snakemake. If that fails, they run without it.

    ``before`` is the beginning of the shell commands of jobs, which changes their environment.
    """
    if sys.platform != "linux" or os.environ.get("LATEPHASE_COLD"):
        return
    with contextlib.suppress(OSError):
        command = f"{before}exec python -m scripts.serve $0"  # in the same way as rules start a job
        server = subprocess.Popen(
            ["bash", "-c", command, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | ONE_THREAD | {ARROW: "background_thread:false"},
        )
        server.stdout.read()  # returns when the server listens or has failed
        servers.append(server)


def main() -> None:
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    request = Server(int(sys.argv[1])).serve()
    if request is None:
        os._exit(0)
    end(run(request["program"], request["arguments"]))


class Server:
    """Forks the jobs of one Snakemake, and tells each client how its job ended."""

    def __init__(self, snakemake: int):
        self.snakemake = os.dup(0)  # a pipe that closes when Snakemake ends, in whatever way
        self.ended, self.wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self.wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.circumstances = circumstances()
        self.jobs: dict[socket.socket, int] = {}
        self.prepared: set[str] = set()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(address(snakemake))
        self.listener.listen(socket.SOMAXCONN)
        with open(os.devnull, "r+") as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), 0)
            os.dup2(nothing.fileno(), 1)

    @property
    def listening(self) -> bool:
        return self.listener.fileno() >= 0

    def serve(self) -> Request | None:
        """Fork jobs. In each job it returns the request, and in the server, at the end, None."""
        while self.listening or self.jobs:
            callers = [self.snakemake, self.listener] if self.listening else []
            for ready in select.select([self.ended, *self.jobs, *callers], [], [])[0]:
                if ready is self.listener and self.listening:
                    request = self.accept()
                    if request is not None:
                        return request
                elif ready == self.snakemake:
                    self.listener.close()
                elif ready == self.ended:
                    self.tell_clients()
                elif ready in self.jobs:  # the client has ended
                    os.kill(self.jobs.pop(ready), signal.SIGKILL)
        return None

    def accept(self) -> Request | None:
        """Fork the job that a client asks for, or refuse. In the job, it returns the request."""
        job, streams = None, []
        try:
            try:
                connection, _ = self.listener.accept()
                request = self.receive(connection, streams)
                job = os.fork() if request else None
            except OSError:  # the client has gone, or there are too many processes or open files
                time.sleep(0.01)  # while there are too many open files, the next try fails, too
            if job is None:
                return None  # the connection is closed, and the client runs the job itself
            if job:
                self.jobs[connection] = job
                return None
            self.leave()
            become(request, streams)
            connection.sendall(f"job {os.getpid()}\n".encode())
            connection.detach()  # it stays open until the job ends, and the client waits for that
            return request
        finally:
            for stream in streams:
                os.close(stream)

    def receive(self, connection: socket.socket, streams: list[int]) -> Request | None:
        """A client's request; its standard streams are added to ``streams``. None if it is refused.

        Raises OSError if the client has gone or is too slow.
        """
        if peer(connection)[1] != os.getuid():  # any user can connect
            return None
        connection.settimeout(PATIENCE)
        streams += socket.recv_fds(connection, 1, 3)[1]
        try:
            request = json.loads(line(connection))
            alike = request["circumstances"] == self.circumstances
            if not alike or len(streams) < 3 or not self.prepare(request["program"]):
                return None
        except (ValueError, LookupError, TypeError):
            return None
        connection.settimeout(PATIENCE)
        connection.sendall(b".")  # ready; in the meantime, the client may have given up
        return request if connection.recv(1) else None

    def prepare(self, program: str) -> bool:
        """Import the libraries of a program. False if one of them has started a thread."""
        if program not in self.prepared:
            self.prepared.add(program)
            import_libraries(program)
            gc.freeze()  # so a job does not search them for garbage
        if len(os.listdir("/proc/self/task")) > 1:
            self.listener.close()
        return self.listening

    def tell_clients(self) -> None:
        """If jobs have ended, tell their clients how."""
        os.read(self.ended, select.PIPE_BUF)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                for connection in [one for one, job in self.jobs.items() if job == ended[0]]:
                    del self.jobs[connection]
                    with contextlib.suppress(OSError):
                        connection.sendall(f"status {ended[1]}\n".encode())

    def leave(self) -> None:
        """In a job: close the files of the server."""
        signal.set_wakeup_fd(-1)
        for own in (self.snakemake, self.ended, self.wake):
            os.close(own)
        for connection in (self.listener, *self.jobs):
            connection.close()


def line(connection: socket.socket) -> bytes:
    """A line that a client sends. Raises OSError if it is too slow, ValueError if too long."""
    until = time.monotonic() + PATIENCE
    received = bytearray()
    while not received.endswith(b"\n"):
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        piece = connection.recv(1 << 16)
        received += piece
        if not piece or len(received) > LONGEST:
            raise ValueError("not a request")
    return bytes(received)


def import_libraries(program: str) -> None:
    """Import the installed packages that a program and the project's modules in it import.

    If a package cannot be imported, or the program cannot be read, the job itself will tell.
    """
    code_digest.forget()
    with contextlib.suppress(OSError, UserError):
        for file in code_digest.sources(f"scripts.{program}", ROOT):
            for module, names in imports(ROOT / file):
                with contextlib.suppress(Exception, SystemExit):
                    if installed(module):
                        import_with(module, names)


def imports(file: Path) -> Iterator[tuple[str, list[str]]]:
    """The modules that a file imports at its top level, and the names that it takes from each."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module, [alias.name for alias in node.names]


def installed(module: str) -> bool:
    """Whether a module is an installed package: neither Python's own nor the project's."""
    found = importlib.util.find_spec(module.partition(".")[0])
    folders = [*site.getsitepackages(), site.getusersitepackages()]
    return any(Path(found.origin).is_relative_to(folder) for folder in folders)


def import_with(module: str, names: list[str]) -> None:
    imported = importlib.import_module(module)
    for name in names:
        if not hasattr(imported, name):
            importlib.import_module(f"{module}.{name}")


def become(request: Request, streams: list[int]) -> None:
    """In a job: take over the client's streams, variables, process group and ignored signals."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    sys.stdout.reconfigure(line_buffering=os.isatty(1))
    for name in PER_JOB:
        os.environ.pop(name, None)
    os.environ.update(request["variables"])
    with contextlib.suppress(OSError):  # the client is in another session
        os.setpgid(0, request["group"])
    for number in (*IGNORED, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in request["ignored"]:
        signal.signal(number, signal.SIG_IGN)
    forget_the_server()


def forget_the_server() -> None:
    """In a job: become like a new process that has imported the libraries."""
    for name in [name for name in sys.modules if name.partition(".")[0] in PROJECT]:
        del sys.modules[name]
    sys.path_importer_cache.clear()
    tempfile.tempdir = None
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()  # otherwise every job has the same one


def run(program: str, arguments: list[str]) -> int:
    """Run a program as ``python -m`` does. Returns its status, or the negative of a signal."""
    sys.argv[1:] = arguments
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        runpy._run_module_as_main(f"scripts.{program}")  # the interpreter calls this for -m
    except SystemExit as asked:
        return status_of(asked.code)
    except BaseException as error:
        trace = error.__traceback__.tb_next  # without this function
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def status_of(code: Any) -> int:
    """The exit status that ``sys.exit(code)`` gives."""
    if code is None or isinstance(code, int):
        return (code or 0) & 0xFF
    sys.stderr.write(f"{code}\n")  # in one write, like latephase.errors
    return 1


def end(status: int) -> None:
    """End like an interpreter, but without the clean-up of all libraries, which takes a second."""
    threading._shutdown()  # waits for threads
    atexit._run_exitfuncs()
    # Write and close files that the program left open, in the order of the interpreter.
    gc.collect()
    vars(sys.modules["__main__"]).clear()
    gc.collect()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as error:
        print(f"error: standard output: {error}", file=sys.stderr)
        status = UNWRITTEN
    end_with(status)


if __name__ == "__main__":
    main()
