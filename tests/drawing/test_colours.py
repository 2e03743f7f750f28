"""Colours: of categories, of numbers with an order, of optimizers."""

from latephase.drawing import colours, names


def test_ordered_palette_keeps_order_of_lightness():
    palette = colours.ordered_palette([0.3, 0.01, 0.1, 0.1])
    light = [sum(int(palette[v][i : i + 2], 16) for i in (1, 3, 5)) for v in (0.01, 0.1, 0.3)]
    assert light == sorted(light)
    assert len(colours.ordered_palette([1.0])) == 1


def test_categories_are_seaborns_colour_blind_palette():
    import seaborn

    assert list(colours.CATEGORIES) == seaborn.color_palette("colorblind").as_hex()


def test_an_optimizer_that_is_listed_has_one_colour_everywhere():
    assert list(names.OPTIMIZERS)[:10] == list(colours.OPTIMIZERS)
    everywhere = colours.of_optimizers(names.OPTIMIZERS)
    assert colours.of_optimizers(["muon", "mine", "adam"]) == {
        "adam": everywhere["adam"],
        "muon": everywhere["muon"],
        "mine": colours.OTHERS[0],
    }


def test_every_other_optimizer_has_a_colour_of_its_own():
    many = [f"mine{number:02}" for number in range(3 * len(colours.OTHERS))]
    palette = colours.of_optimizers([*reversed(many), *names.OPTIMIZERS])
    assert list(palette) == [*names.OPTIMIZERS, *many]
    assert len(set(palette.values())) == len(palette)
    assert palette["mine00"] == colours.OTHERS[0]


def test_an_optimizer_more_in_the_list_of_names_has_a_colour_too(monkeypatch):
    monkeypatch.setitem(names.OPTIMIZERS, "zeta", "Zeta")
    palette = colours.of_optimizers(names.OPTIMIZERS)
    assert len(set(palette.values())) == len(palette) == 11
