"""Optional libraries, asked for while planning."""

from types import SimpleNamespace

import pytest

from latephase.errors import UserError
from rules import libraries


def needed(workflow, library):
    return libraries.needed(workflow, lambda wildcards: library, None)


def test_a_library_is_asked_for_where_jobs_run_here():
    here = SimpleNamespace(
        local_exec=True, deployment_settings=SimpleNamespace(deployment_method=set())
    )
    assert needed(here, "") == ""
    assert needed(here, "json") == "json"
    with pytest.raises(UserError, match=r"the library no_such is not installed, .* --sdm conda"):
        needed(here, "no_such")
    on_a_cluster = SimpleNamespace(local_exec=False)
    assert needed(on_a_cluster, "no_such") == "no_such"
    here.deployment_settings.deployment_method = {"conda"}
    assert needed(here, "no_such") == "no_such"
