import sys

import pytest

from tests.start.root import Root


@pytest.fixture
def root(tmp_path):
    if sys.platform != "linux":
        pytest.skip("there is a server on Linux alone")
    return Root(tmp_path)
