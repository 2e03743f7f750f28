"""What a figure's bundle holds beside the figure."""

import json

from tests.rules.targets.asking import SCALE, wildcards

FIGURE = wildcards(figure="zhao2026_fig2", scale=SCALE)


def test_a_bundle_tells_what_its_figure_was_made_from(shipped):
    packs = shipped.bundles.packs(FIGURE)
    studies = shipped.shown.studies(FIGURE)
    assert packs == list(
        dict.fromkeys(p for s in studies for p in shipped.catalog.packs_of(s, SCALE))
    )
    timings = [f"results/packs/{pack}/timing.json" for pack in packs]
    assert shipped.bundles.timings(FIGURE) == timings
    settings = json.loads(shipped.bundles.settings(FIGURE))
    assert settings == {study: shipped.catalog.setting(study, SCALE) for study in studies}


def test_a_bundle_has_the_program_and_what_it_imports(shipped):
    files = {str(file) for file in shipped.bundles.sources(FIGURE)}
    script = shipped.shown.script(FIGURE)
    assert any(file.endswith(f"scripts/figures/{script}.py") for file in files)
    assert any(file.endswith("latephase/drawing/style.py") for file in files)
    assert not any("latephase/training" in file for file in files)
