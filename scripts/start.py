"""Start a program of the pipeline, if possible in a process that already has its libraries.

    python -m scripts.start train --pack … --data …

does the same as ``python -m scripts.train --pack … --data …``. An import of torch takes seconds,
and a workflow has hundreds of short jobs. So Snakemake starts a server beside itself
(:mod:`scripts.serve`). The server imports the libraries once, and forks for each job. The job runs
in the fork, with the standard streams of this process. This process waits for the job, passes
signals on to it, and ends in the same way. If you kill this process, the job is killed, too.

If there is no server, if it refuses, or if it is not ready within a minute, this process becomes
``python -m scripts.train …``. This happens on the nodes of a cluster, in a conda environment or a
container, on macOS, and if Snakemake did not call this program. If you suspect the server, set
``LATEPHASE_COLD=1``: then no job uses it.
"""

import contextlib
import json
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Iterator

PASSED_ON = {
    getattr(signal, f"SIG{name}") for name in ("TERM", "INT", "HUP", "QUIT", "USR1", "USR2")
}
FROM_THE_KERNEL = 0x80
"""``si_code`` of a signal that a terminal sends. It goes to each process of a group."""
ARROW = "JE_ARROW_MALLOC_CONF"
"""This variable tells pyarrow in the server to start no thread for its memory."""
PER_JOB = {
    "_",
    "CUDA_VISIBLE_DEVICES",
    "OLDPWD",
    "PWD",
    "SHLVL",
    "TEMP",
    "TEMPDIR",
    "TMP",
    "TMPDIR",
    ARROW,
}
"""Variables that a shell or Snakemake sets anew for each job, and the server's own."""
PATIENCE = 60
"""Seconds that the server may take. It may have to import libraries from a slow disk first."""
MANY = 32
"""A job has fewer ancestors than this below its Snakemake."""


def main() -> None:
    program, *arguments = sys.argv[1:] or sys.exit(__doc__)
    job = None
    streams = None not in (sys.stdin, sys.stdout, sys.stderr)  # none of them is closed
    if streams and not os.environ.get("LATEPHASE_COLD"):
        with contextlib.suppress(OSError):
            server = find_server()
            job = begin(server, program, arguments) if server else None
    if job is None:
        become(program, arguments)
    wait(server, program, job)


def become(program: str, arguments: list[str]) -> None:
    """Become ``python -m scripts.<program>``, in the same process."""
    options = sys.orig_argv[1 : sys.orig_argv.index("-m")]
    command = [sys.executable, *options, "-m", f"scripts.{program}", *arguments]
    os.execv(sys.executable, command)


def find_server() -> socket.socket | None:
    """A connection to the server of the Snakemake that called this process, if it has one."""
    for snakemake in ancestors():
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        with contextlib.suppress(OSError):
            connection.connect(address(snakemake))
            process, user = peer(connection)
            if user == os.getuid() and parent(process) == snakemake:
                return connection
        connection.close()
    return None


def address(snakemake: int) -> str:
    """Where a Snakemake's server listens: a Unix socket without a file, as Linux has them."""
    return f"\0latephase-{os.getuid()}-{snakemake}"


def peer(connection: socket.socket) -> tuple[int, int]:
    """The process at the other end of a connection, and its user."""
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return struct.unpack("=iii", told)[:2]


def ancestors() -> Iterator[int]:
    """The processes above this one, the nearest first."""
    process = os.getppid()
    for _ in range(MANY):
        if process == 0:
            return
        yield process
        process = parent(process)


def parent(process: int) -> int:
    with open(f"/proc/{process}/stat") as file:  # noqa: PTH123 (pathlib takes time to import)
        return int(file.read().rpartition(")")[2].split()[1])


def begin(server: socket.socket, program: str, arguments: list[str]) -> int | None:
    """Ask the server for a job. Returns its process id, or None if the server refuses or ends.

    Raises TimeoutError if the server is not ready in time. The server forks only for a client that
    has told it to go on. So if a client has given up, the program runs only in the client.
    """
    ignored = [n for n in signal.valid_signals() if signal.getsignal(n) is signal.SIG_IGN]
    request = {
        "program": program,
        "arguments": arguments,
        "circumstances": circumstances(),
        "variables": {name: os.environ[name] for name in PER_JOB if name in os.environ},
        "ignored": ignored,
        "group": os.getpgrp(),
    }
    socket.send_fds(server, [b" "], [0, 1, 2])
    server.sendall(json.dumps(request).encode() + b"\n")
    if not server.recv(1):  # the server is ready
        return None
    server.settimeout(None)
    server.sendall(b".")  # go on
    return answer(server, "job")


def circumstances() -> str:
    """What a job inherits from the process that starts it, as a text that can be compared.

    The server forks a job only if this text is the same for server and client. So a job has the
    same interpreter, folder, environment, rights and limits as it would have without the server.
    """
    umask = os.umask(0)
    os.umask(umask)
    alike = {
        "python": [sys.executable, sys.prefix, sys.version, sys.path, sys.warnoptions],
        "options": [list(sys.flags), sys._xoptions],
        "folder": os.getcwd(),  # noqa: PTH109
        "edited": os.stat(__file__).st_mtime_ns,  # noqa: PTH116 (both must speak as this file says)
        "variables": {k: v for k, v in os.environ.items() if k not in PER_JOB},
        "rights": [os.getresuid(), os.getresgid(), os.getgroups(), umask],
        "mounts": os.readlink("/proc/self/ns/mnt"),  # noqa: PTH115
        "processors": [sorted(os.sched_getaffinity(0)), os.getpriority(os.PRIO_PROCESS, 0)],
    }
    for name in ("limits", "cgroup"):
        with open(f"/proc/self/{name}") as file:  # noqa: PTH123
            alike[name] = file.read()
    return json.dumps(alike, sort_keys=True)


def answer(server: socket.socket, word: str) -> int | None:
    """The number that the server sends after a word. None if the server ends before."""
    line = b""
    while not line.endswith(b"\n"):
        byte = server.recv(1)  # not more, which may belong to the next answer
        if not byte:
            return None
        line += byte
    said, number = line.decode().split()
    return int(number) if said == word else None


def wait(server: socket.socket, program: str, job: int) -> None:
    """Pass signals on to a job, and end in the same way as the job."""
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    threading.Thread(target=pass_signals_on, args=(job,), daemon=True).start()
    status = None
    with contextlib.suppress(OSError):
        status = answer(server, "status")
    if status is None:
        print(
            f"error: {program}: its server was ended, so that its status is unknown; run again",
            file=sys.stderr,
        )
        sys.exit(1)
    end_with(os.waitstatus_to_exitcode(status))


def pass_signals_on(job: int) -> None:
    """Send a job every signal that comes, unless the terminal has sent it to the job as well."""
    while True:
        # This also receives signals that the process ignores. A rule's shell ignores SIGTERM.
        heard = signal.sigwaitinfo(PASSED_ON)
        with contextlib.suppress(ProcessLookupError):
            if heard.si_code != FROM_THE_KERNEL or os.getpgid(job) != os.getpgrp():
                os.kill(job, heard.si_signo)


def end_with(code: int) -> None:
    """End with an exit status. If it is negative, end by the signal with that number."""
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {-code})
        signal.raise_signal(-code)
    os._exit(code)


if __name__ == "__main__":
    main()
