"""Settings and files of the user's own that are no concern of the project's."""

import pytest

pytestmark = pytest.mark.workflow

FIGURE = "results/quick/figures/sakamoto2026_fig3"
HIDDEN = (
    *("latephase/parts/optimizers/._adamw.py", "latephase/metrics/own/._mine.py"),
    *("latephase/datasets/kinds/.hidden.py", "latephase/parts/models/mlp copy.py"),
    *("scripts/figures/._over_time.py", "catalog/sakamoto2026/studies/._mine.yaml"),
    *("catalog/sakamoto2026/._figures.yaml", "catalog/._sakamoto2026", "envs/train.yaml~"),
)


def test_a_notebook_s_settings_do_not_reach_the_figures(project, tmp_path):
    """Nor do those of matplotlib, of another Python and of a locale. The file is the same."""
    before = {kind: (project.folder / f"{FIGURE}.{kind}").read_bytes() for kind in ("png", "csv")}
    for kind in ("pdf", "png", "csv"):
        (project.folder / f"{FIGURE}.{kind}").unlink()
    (project.folder / "matplotlibrc").write_text("axes.facecolor: red\nsavefig.dpi: 30\n")
    (tmp_path / "pyarrow.py").write_text("raise ImportError('not this one')\n")
    (tmp_path / "startup.py").write_text("raise SystemExit('not this one')\n")
    environment = {
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONPATH": str(tmp_path),
        "PYTHONSTARTUP": str(tmp_path / "startup.py"),
        "PYTHONOPTIMIZE": "2",
        "OMP_PROC_BIND": "spread",
        "LC_ALL": "C",
    }
    project.make(f"{FIGURE}.pdf", env=environment)
    after = {kind: (project.folder / f"{FIGURE}.{kind}").read_bytes() for kind in before}
    assert after == before


def test_what_editors_and_file_managers_leave_changes_nothing(project):
    for name in HIDDEN:
        (project.folder / name).write_bytes(b"\x00\x05\x16\x07 no text")
    (project.folder / "latephase/parts/losses/.#mse.py").symlink_to("someone@somewhere.1")
    assert project.jobs() == {}
