import json
import os
from functools import cache

import pytest
import torch

from latephase.datasets import stored
from latephase.runs import parts
from latephase.training import trainer
from scripts import train
from tests.training import packs
from tests.training.resuming import PACK, arguments, content, history_table, results


@pytest.fixture(scope="module")
def data(digits_file):
    """What the packs are trained on."""
    torch.set_num_threads(1)
    return stored.load(digits_file, **parts.arguments(packs.run()["data"]))


@pytest.fixture
def a_state_at_every_checkpoint(monkeypatch):
    """Not only after half a minute."""
    monkeypatch.setattr(trainer, "STATE_SECONDS", -1.0)


@pytest.fixture
def no_waiting_for_the_disk(monkeypatch):
    """A killed process, unlike a machine without power, needs no flush."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def uninterrupted(data, tmp_path_factory):
    """The checkpoints and the history of ``PACK``."""
    folder, history, _ = trainer.train(PACK, data, tmp_path_factory.mktemp("whole"))
    return content(folder), history_table(history)


@pytest.fixture(scope="module")
def placed(digits_file, tmp_path_factory):
    """What an uninterrupted program puts in place, of a pack: name to bytes."""

    @cache
    def made(pack):
        folder = tmp_path_factory.mktemp("placed")
        train.main(arguments(digits_file, folder, json.loads(pack)))
        return results(folder)

    return lambda pack: made(json.dumps(pack))
