"""Bash is told what there is to make."""

import subprocess

from scripts.tools import completion

# The words are the fifth of the command that bash prints: complete -o default -W '…' snakemake.
ASK = """
source /dev/stdin
eval "set -- $(complete -p snakemake)" "$1"
compgen -W "$5" -- "${@: -1}"
"""


def offered(begun: str, told: str) -> list[str]:
    """What bash offers for the beginning of a word."""
    asked = ["bash", "-c", ASK, "bash", begun]
    done = subprocess.run(asked, input=told, capture_output=True, text=True)
    assert not done.stderr, done.stderr
    return done.stdout.split()


def test_options_settings_and_targets_are_offered(capsys):
    completion.main([])
    told = capsys.readouterr().out
    figure = "results/quick/figures/sakamoto2026_fig3"
    assert offered(f"{figure}.", told) == [f"{figure}.{kind}" for kind in ("pdf", "png", "csv")]
    assert offered("results/paper/studies/weight_decay_mlp.", told) == [
        "results/paper/studies/weight_decay_mlp.parquet"
    ]
    assert "--workflow-profile" in offered("--work", told)
    assert offered("metrics_d", told) == ["metrics_device="]
    assert offered("results/quick/cl", told) == [
        *("results/quick/claims.csv", "results/quick/claims.html"),
    ]
    assert offered("nothing", told) == []
