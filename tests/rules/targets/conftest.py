import pytest

from tests.rules.targets.asking import SCALE, STUDY, targets, wildcards


@pytest.fixture(scope="session")
def shipped():
    return targets()


@pytest.fixture(scope="session")
def pack(shipped):
    return wildcards(pack=shipped.catalog.packs_of(STUDY, SCALE)[0])
