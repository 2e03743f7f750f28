import socket

import pytest


@pytest.fixture
def closed_address():
    """An address on this machine where nobody listens: what "no network" looks like."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"http://127.0.0.1:{port}"
