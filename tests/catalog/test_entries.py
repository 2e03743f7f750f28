"""What a loaded catalog answers: packs, notes, and what a scale has."""

import pytest

from latephase.catalog import load
from latephase.errors import UserError
from tests.catalog.editing import (
    FIGURES,
    MORE_FIGURES,
    ROOT,
    add_study,
    dump_yaml,
    edit,
    line,
    load_yaml,
)


def test_packs_that_hold_runs_with_given_values(root, config):
    config["packs"] = {"mlp": {"cpu": {"seed": 5}}}
    add_study(root, "held", "2030-01-02", {"optimizer.lr": [0.1, 0.2], "seed": list(range(7))})
    loaded = load.load(root, config)
    packs = loaded.packs_of("held", "quick")
    assert loaded.packs_holding("held", "quick", {"optimizer.lr": 0.2}) == packs[2:]
    assert loaded.packs_holding("held", "quick", {"optimizer.lr": 0.2, "seed": 6}) == packs[3:]


def test_a_study_without_the_scale_has_no_figures_there(root, config):
    add_study(root, "only_quick", "2030-01-02", {"seed": [1]})
    edit(root / FIGURES, ["sakamoto2026_fig3", "study"], "only_quick")
    loaded = load.load(root, config)
    assert "sakamoto2026_fig3" in loaded.chosen_figures("quick")
    assert "sakamoto2026_fig3" not in loaded.chosen_figures("paper")
    assert "only_quick" not in loaded.chosen_studies("paper")
    for ask in (loaded.setting, loaded.packs_of, lambda study, scale: loaded.note([study], scale)):
        with pytest.raises(UserError, match=r"only_quick\.yaml: no scale 'paper'; allowed: quick"):
            ask("only_quick", "paper")


def test_the_note_names_all_of_an_axis(root, config):
    grid = {"steps": [10, 2000], "data.train_size": [60, 1000, 80], "seed": [1, 2]}
    add_study(root, "sizes", "2030-01-02", grid)
    note = load.load(root, config).note(["sizes"], "quick")
    assert note == (
        "mlp on digits (embedded), n = 60, 80 or 1,000, 10 or 2,000 steps, 2 seeds, scale quick"
    )


def test_the_note_names_every_network_once(root, config):
    studies = ["weight_decay_mlp", "weight_decay_mlp_fashion_mnist", "weight_decay_cnn"]
    note = load.load(root, config).note([*studies, "grokking_modular"], "quick")
    assert note.startswith("mlp, conv_mlp and grok_transformer on digits (embedded), ")


def test_the_note_names_the_ends_of_a_long_axis(root, config):
    grid = {"steps": [10, 200, 30, 2000], "seed": [1]}
    add_study(root, "lengths", "2030-01-02", grid)
    note = load.load(root, config).note(["lengths"], "quick")
    assert ", 10 to 2,000 steps, 1 seed, scale quick" in note


def test_a_template_stands_for_figures_that_are_checked(root, config):
    loaded = load.load(root, config)
    assert {f"zhao2026_fig{number}" for number in range(32, 56)} <= set(loaded.figures)
    assert loaded.figures["zhao2026_fig37"]["study"] == "optimizers_resnet9_fashion_mnist"
    assert loaded.figures["zhao2026_fig37"]["arguments"]["both"] == {"metric": "nc1_pinv"}
    content = load_yaml((root / MORE_FIGURES).read_text())
    template = content["zhao2026_fig{32..55}"]
    template["each"]["study"]["nope"] = template["each"]["study"].pop("optimizers_vgg9_cifar10")
    (root / MORE_FIGURES).write_text(dump_yaml(content))
    assert line(root, config).startswith(
        f"{MORE_FIGURES}: zhao2026_fig52.study is 'nope'; allowed:"
    )


def test_every_figure_of_zhao2026_is_a_target(config):
    loaded = load.load(ROOT, config)
    named = {f"zhao2026_fig{number}" for number in (*range(1, 10), *range(14, 59))}
    assert named <= set(loaded.figures)
    images = {"zhao2026_fig30", "zhao2026_fig31"}  # The user's to bring, at scale paper.
    assert named - set(loaded.chosen_figures("paper")) == images
    assert images <= set(loaded.chosen_figures("quick"))
