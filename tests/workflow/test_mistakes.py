"""A user's mistakes: one line that says where, what and what is allowed, before any job.

The mistakes themselves are in tests/catalog; here is how Snakemake passes them on.
"""

import re

import pytest
import torch

pytestmark = pytest.mark.workflow

STUDY = "catalog/sakamoto2026/studies/weight_decay_mlp.yaml"
QUICK = f"{STUDY}: scales.quick"

IN_CONFIG = {
    "scale=large": "config: scale is 'large'; allowed: quick, paper",
    "devise=cuda": "config: devise is not a known key; allowed: data, device, downloads, ",
    "figures=[fig9]": "config: figures names 'fig9'; allowed: all, atlas_overview, ",
    "npz={mine: nowhere.npz}": "nowhere.npz",
}

IN_FILES = [
    (STUDY, "lr: 0.003", "lr: 3e-3", f"{QUICK}.optimizer.lr is '3e-3'; allowed: number"),
    (
        STUDY,
        "train_size: 200",
        "train_size: 2000",
        f"{QUICK}.data.train_size is 2000; allowed: at most 1000 (digits)",
    ),
    (STUDY, "name: adamw", "name: adma", f"{QUICK}.optimizer.name is 'adma'; allowed: adam, "),
    (
        "catalog/sakamoto2026/figures.yaml",
        "study: weight_decay_mlp",
        "study: weight_decay",
        "catalog/sakamoto2026/figures.yaml: sakamoto2026_fig2.study is 'weight_decay'; "
        "allowed: weight_decay_mlp",
    ),
    (STUDY, "scales:", "scales: [", f"{STUDY}: cannot be read at line "),
]


def check_line(project, line, *args):
    text, status = project.run(*args)
    assert status != 0
    errors = [printed for printed in text.splitlines() if "rror" in printed]
    assert len(errors) == 1, text
    assert errors[0].startswith("error: ")
    assert line in errors[0]
    assert text.rstrip().endswith(errors[0])
    assert "Traceback" not in text
    assert "Job stats" not in text
    assert not (project.folder / "results/data").exists()


@pytest.mark.parametrize("setting", IN_CONFIG)
def test_in_the_configuration(sources, setting):
    check_line(sources, IN_CONFIG[setting], "--config", setting)


@pytest.mark.parametrize(("file", "old", "new", "line"), IN_FILES)
def test_in_the_catalog(fresh_project, file, old, new, line):
    fresh_project.replace(file, old, new)
    check_line(fresh_project, line)


def test_a_key_that_is_given_twice(sources, tmp_path):
    """Snakemake itself would take the second value and say nothing."""
    (tmp_path / "mine.yaml").write_text("mirror: /data\nmirror: ''\n")
    line = "mine.yaml: cannot be read at line 2 (key 'mirror' is given twice); allowed: YAML"
    check_line(sources, line, "--configfile", str(tmp_path / "mine.yaml"))


@pytest.mark.parametrize("how", ["--configfile", "--config"])
def test_python_in_a_configuration_is_not_run(sources, tmp_path, how):
    """Snakemake's own line, since Snakemake reads it; but one."""
    python = f"!!python/object/apply:os.mkdir ['{tmp_path / 'made'}']"
    (tmp_path / "config.yaml").write_text(f"scale: {python}\n")
    given = tmp_path / "config.yaml" if how == "--configfile" else f"scale={python}"
    text, status = sources.run(how, str(given))
    assert status != 0
    assert not (tmp_path / "made").exists()
    assert "Traceback" not in text
    assert re.search("Config file is not valid JSON or YAML|error: config: scale is ", text)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
@pytest.mark.parametrize("key", ["device", "metrics_device"])
def test_a_gpu_that_is_not_there_is_told_before_any_job(fresh_project, key):
    target = "results/quick/studies/weight_decay_mlp.parquet"
    text, status = fresh_project.run("--config", f"{key}=cuda", "--", target)
    assert status != 0
    (line,) = [printed for printed in text.splitlines() if printed.startswith("error: ")]
    assert "config: device or metrics_device is cuda, but torch" in line
    assert "finds 0 GPUs here; allowed: cpu, or a GPU that exists" in line
    assert "Traceback" not in text
    assert not (fresh_project.folder / "results/data").exists()
