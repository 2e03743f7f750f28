"""What holds at which step of a run."""

from latephase.runs.interventions import stages

RUN = {
    "optimizer": {"name": "sgd", "lr": 0.01, "weight_decay": 0.0},
    "regularizer": {"name": "ncc", "strength": -0.1},
    "steps": 100,
}


def told(interventions, **changes):
    """Of each stage its steps and what of its settings may change."""
    found = stages(RUN | changes | {"interventions": interventions})
    kept = ("regularizer", "schedule", "temperature", "max_head_norm")
    return [
        (
            (one.start, one.stop),
            {k: v for k, v in one.settings.items() if k in kept},
            one.settings["optimizer"]["lr"],
        )
        for one in found
    ]


def test_without_interventions_a_run_is_one_stage():
    (only,) = stages(RUN)
    assert (only.start, only.stop, only.settings, only.scheduled) == (0, 100, RUN, (0, 100))


def test_null_ends_what_there_is_and_numbers_are_set_anew():
    found = told([{"step": 40, "regularizer": None, "optimizer": {"lr": 0.1}}])
    assert found == [
        ((0, 40), {"regularizer": RUN["regularizer"]}, 0.01),
        ((40, 100), {}, 0.1),
    ]


def test_what_ends_leaves_what_was_before():
    found = told([{"step": 10, "until": 30, "temperature": 2.0}], regularizer=None)
    assert [(steps, held.get("temperature")) for steps, held, _ in found] == [
        ((0, 10), None), ((10, 30), 2.0), ((30, 100), None)
    ]  # fmt: skip


def test_of_two_the_later_in_the_list_decides():
    found = told([{"step": 0, "max_head_norm": 5.0}, {"step": 50, "max_head_norm": 9.0}])
    assert [held["max_head_norm"] for _, held, _ in found] == [5.0, 9.0]
    found = told([{"step": 50, "max_head_norm": 9.0}, {"step": 0, "max_head_norm": 5.0}])
    assert [held["max_head_norm"] for _, held, _ in found] == [5.0, 5.0]


def test_a_schedule_counts_from_its_own_beginning_and_norms_are_set_once():
    cosine = {"name": "cosine"}
    found = stages(
        RUN
        | {
            "interventions": [
                {"step": 20, "schedule": cosine},
                {"step": 60, "scale_weights_to": 3.0},
            ]
        }
    )
    assert [(one.scheduled, one.scale_weights_to) for one in found] == [
        ((0, 100), None), ((20, 100), None), ((20, 100), 3.0)
    ]  # fmt: skip
    assert "schedule" not in found[0].settings
    assert found[2].settings["schedule"] == cosine
