"""Who is served, and for how long one side waits for the other."""

import contextlib
import os
import signal
import socket
import subprocess
import time

import pytest

from scripts import serve, start
from scripts.serve import ONE_THREAD
from tests.start.root import SLOW, alive, until

OTHER_USER = ("    main()\n", "    peer = lambda connection: (0, os.getuid() + 1)\n    main()\n")
"""A server that takes each client for one of another user."""
QUICK = "PATIENCE = 60", "PATIENCE = 1"
"""A client that does not wait long."""


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
            timeout=120,
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
    root.edit("scripts/serve.py", *OTHER_USER)
    root.program("")
    assert root.run("python -m scripts.start job") == ("", "", 0)
    assert root.how() == ["cold"]


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
        assert process.wait(120) == 128 + signal.SIGTERM
        os.kill(server, signal.SIGCONT)
    until(lambda: not alive(server))
    assert not (root.folder / "job").exists()


@contextlib.contextmanager
def connected(process):
    """A connection to the server of a stand-in for Snakemake."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(start.address(process.pid))
        yield connection


def test_a_server_reads_nothing_of_another_user(root):
    root.edit("scripts/serve.py", *OTHER_USER)
    with root.begin("sleep 30") as process:
        root.wait_for("server")
        began = time.monotonic()
        with connected(process) as connection:
            assert connection.recv(1) == b""  # closed, although nothing was sent
        assert time.monotonic() - began < serve.PATIENCE / 2
        process.kill()


@pytest.mark.skipif(os.getuid() != 0, reason="to be another user takes root")
def test_a_server_refuses_a_real_other_user(root):
    root.program("")
    with root.begin("sleep 1; python -m scripts.start job") as process:
        root.wait_for("server")
        began = time.monotonic()
        os.seteuid(65534)
        try:
            with connected(process) as connection:
                assert connection.recv(1) == b""
        finally:
            os.seteuid(0)
        assert time.monotonic() - began < serve.PATIENCE / 2
        assert process.wait(120) == 0
    assert root.how() == ["warm"]


def drip(connection):
    """Send a request that does not end, a byte from time to time."""
    while True:
        connection.send(b" ")
        time.sleep(0.1)


def pour(connection):
    """Send a request that does not end."""
    while True:
        connection.send(bytes(1 << 16))


@pytest.mark.parametrize("send", [drip, pour])
def test_a_request_has_an_end(root, send):
    root.edit("scripts/serve.py", "PATIENCE = 5\n", "PATIENCE = 1\n")
    root.program("")
    with root.begin("sleep 0.5; python -m scripts.start job") as process:
        root.wait_for("server")
        with connected(process) as connection:
            socket.send_fds(connection, [b" "], [0, 1, 2])
            with pytest.raises((BrokenPipeError, ConnectionResetError)):
                send(connection)
        assert process.wait(120) == 0
    assert root.how() == ["warm"]


@pytest.mark.parametrize("request_", [b"[]\n", b"{}\n", b"x\n", b"", b"{"])
def test_what_is_no_request_is_refused(root, request_):
    root.program("")
    with root.begin("sleep 0.5; python -m scripts.start job") as process:
        root.wait_for("server")
        with connected(process) as connection:
            socket.send_fds(connection, [b" "], [0])
            connection.sendall(request_)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
        assert process.wait(120) == 0
    assert root.how() == ["warm"]


def test_a_server_that_stands_still_is_not_waited_for_for_ever(root):
    root.edit("scripts/start.py", *QUICK)
    root.program("")
    with root.begin("sleep 0.5; python -m scripts.start job") as process:
        server = int(root.wait_for("server"))
        os.kill(server, signal.SIGSTOP)
        assert process.wait(120) == 0
        os.kill(server, signal.SIGCONT)
    until(lambda: not alive(server))
    assert root.how() == ["cold"]  # and not once more, when the server read the request


def test_a_program_runs_once_however_late_the_server_is(root):
    """Clients give up while the server gets ready for them: before, in the middle, or after."""
    root.edit("scripts/start.py", "PATIENCE = 60", "PATIENCE = 0.05")
    root.edit(
        "scripts/serve.py",
        "        connection.settimeout(PATIENCE)\n        connection.sendall",
        "        time.sleep(int(request['arguments'][0]) / 1000)\n        connection.sendall",
    )
    root.program("")
    late = range(30, 70)  # milliseconds
    calls = [f"python -m scripts.start job {number}" for number in late]
    assert root.run(*calls)[2] == 0
    how = root.how()
    assert len(how) == len(late) and set(how) == {"warm", "cold"}
