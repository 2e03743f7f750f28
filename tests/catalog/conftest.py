import shutil

import pytest

from latephase.catalog import load
from tests.catalog.editing import ROOT, load_yaml


@pytest.fixture
def root(tmp_path):
    """A copy of the catalog, to edit."""
    shutil.copytree(ROOT / "catalog", tmp_path / "catalog")
    return tmp_path


@pytest.fixture
def config():
    return load_yaml((ROOT / "config.yaml").read_text())


@pytest.fixture(scope="session")
def shipped():
    """The catalog as it is, loaded."""
    return load.load(ROOT, load_yaml((ROOT / "config.yaml").read_text()))
