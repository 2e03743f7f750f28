"""How runs are put into packs, and grids cut into them."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latephase.runs import grid, spec
from latephase.runs.packs import BATCHABLE, cut_packs, pack_of
from tests.training import packs


def test_pack_gives_its_runs_back_whatever_the_order_they_were_listed_in():
    specs = [packs.run(values) for values in packs.SEVERAL]
    pack = pack_of(specs)
    assert sorted(map(spec.run_id, spec.runs_of(pack))) == sorted(map(spec.run_id, specs))
    assert not any(grid.has(pack["common"], path) for path in BATCHABLE)
    for seed in range(5):
        shuffled = random.Random(seed).sample(specs, len(specs))
        assert spec.pack_id(pack_of(shuffled)) == spec.pack_id(pack)


def test_pack_refuses_a_run_twice():
    with pytest.raises(ValueError, match="twice"):
        pack_of([packs.run({"seed": 1}), packs.run({"seed": 2}), packs.run({"seed": 1})])


def test_pack_refuses_runs_that_differ_in_more_than_numbers():
    with pytest.raises(ValueError, match="differ"):
        pack_of([packs.run(), packs.run({"model.widths": [12]})])


AXES = ("optimizer.weight_decay", "seed", "model.widths", "optimizer.lr", "batch_size")


@st.composite
def grids(draw):
    names = draw(st.lists(st.sampled_from(AXES), min_size=1, max_size=3, unique=True))
    axes = {name: list(range(draw(st.integers(1, 5)))) for name in names}
    block = draw(st.dictionaries(st.sampled_from(AXES), st.integers(1, 4)))
    return axes, block, draw(st.sampled_from(names))


def frozen(pack):
    return tuple(tuple(cell.items()) for cell in pack)


@given(grids())
def test_packs_partition_the_grid_and_appending_keeps_those_that_were_full(cut):
    axes, block, longer = cut
    before = cut_packs(axes, block)
    cells = [cell for pack in before for cell in pack]
    assert len(cells) == math.prod(map(len, axes.values()))
    assert set(frozen(cells)) == set(frozen(values for _, values in grid.points(axes)))

    after = cut_packs(axes | {longer: [*axes[longer], -1]}, block)
    kept = set(map(frozen, after))
    side = block.get(longer, 1) if longer in BATCHABLE else 1
    for pack in before:
        if len({cell[longer] for cell in pack}) == side:
            assert frozen(pack) in kept
    assert sum(map(len, after)) == len(cells) // len(axes[longer]) * (len(axes[longer]) + 1)


def test_packs_cut_only_along_batchable_axes():
    axes = {"model.widths": [[1], [2]], "seed": [1, 2, 3]}
    cut = cut_packs(axes, {"model.widths": 9, "seed": 2})
    assert [len(pack) for pack in cut] == [2, 1, 2, 1]
