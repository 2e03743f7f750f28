"""Margins between two classes: the samples drawn are those of the CSV."""

import pytest

from latephase.errors import UserError
from latephase.runs.columns import DECAY
from scripts.figures import margins as program


def test_draws_the_samples_of_its_csv(table, margins):
    df = program.data(table, margins, pairs=[(4, 5)])
    steps = sorted(margins["step"].unique())
    assert sorted(df["step"].unique()) == steps
    expected = margins[
        (margins["class_a"] == 4) & (margins["seed"] == 42) & margins["step"].isin(steps)
    ]
    assert sorted(df["margin"]) == sorted(expected["margin"])
    assert set(df["split"]) == {"training", "unseen"}
    fig = program.draw(df, clip=0.9)
    assert len(fig.axes) == 2
    assert all(ax.get_xlim() == (-0.9, 0.9) for ax in fig.axes)
    assert all("±0.9" in ax.get_xlabel() for ax in fig.axes)
    outside = (df[df["step"] == steps[0]]["margin"].abs() > 0.9).mean()
    assert f"{outside:.1%}".replace("%", " %") in fig.axes[0].texts[0].get_text()
    # Two halves a class and split, so four bodies a panel.
    assert all(len(ax.collections) == 4 for ax in fig.axes)


def test_chooses_a_run_with_margins_and_the_nearest_steps(table, margins):
    df = program.data(table, margins, steps=[1, 10**6])
    assert set(df[DECAY]) == {0.1}
    assert sorted(df["step"].unique()) == sorted(margins["step"].unique())
    late = program.data(table, margins, seed=43)
    assert late["step"].max() < 3000  # The run that diverged has its early margins only.
    program.draw(late)
    for options, words in (
        ({"pairs": [(2, 3)]}, r"\[0, 1\], \[4, 5\]"),
        ({"weight_decay": 0.3}, "options.weight_decay is 0.3, .*allowed: 0.1"),
        ({"seed": 1}, "options.seed is 1, .*42, 43, 44"),
    ):
        with pytest.raises(UserError, match=words):
            program.data(table, margins, **options)


def test_draws_a_class_collapsed_to_a_point(table, margins):
    collapsed = margins.copy()
    collapsed.loc[collapsed["split"] == "train", "margin"] = 1.0
    program.draw(program.data(table, collapsed))
