import socket
import tracemalloc
from contextlib import contextmanager

import pytest


@pytest.fixture
def closed_address():
    """An address on this machine where nobody listens: what "no network" looks like."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def little_memory():
    """A context in which at most 40 megabytes may be taken at once."""

    @contextmanager
    def measured():
        tracemalloc.start()
        try:
            yield
            assert tracemalloc.get_traced_memory()[1] < 40 << 20
        finally:
            tracemalloc.stop()

    return measured()
