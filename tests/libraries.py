"""Which models can be made here: some need an optional library."""

from importlib.util import find_spec

import pytest

from latephase.runs import declared


def needs(library: str) -> pytest.MarkDecorator:
    """Skips a test where a library is absent."""
    return pytest.mark.skipif(find_spec(library) is None, reason=f"needs {library}")


def models() -> list:
    """The names of all models, as parameters of a test; those that cannot be made are skipped."""
    return [
        pytest.param(name, marks=needs(library)) if (library := declared.library(name)) else name
        for name in declared.names("model")
    ]
