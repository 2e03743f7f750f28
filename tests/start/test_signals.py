"""A program with the server is ended, and hears signals, as one without it."""

import fcntl
import os
import pty
import signal
import subprocess
import termios

import pytest

from tests.start.root import SLOW, WAITING, alive, until


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
        out, _ = process.communicate(timeout=120)
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
        out, _ = process.communicate(timeout=120)
    assert (out, process.returncode) == (("15\n", 7) if heeds else ("True\n", 0))
    assert root.how() == ["warm"]


def test_a_signal_that_kills_a_program_kills_its_client(root):
    root.program(SLOW)
    with root.begin("python -m scripts.start job & echo $! > client; wait $!") as process:
        root.wait_for("job")
        os.kill(int(root.wait_for("client")), signal.SIGTERM)
        assert process.wait(120) == 128 + signal.SIGTERM
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
        assert process.wait(120) == 137
        until(lambda: not alive(job))
    assert root.how() == ["warm"]
