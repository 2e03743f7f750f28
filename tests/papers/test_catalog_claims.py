"""The claims of the catalog: of the schema's form, each a function of its paper."""

import importlib
import inspect

import jsonschema
import pytest

from tests.papers.catalog_claims import PAPERS, SCHEMA, claims_of, written


@pytest.mark.parametrize("paper", PAPERS)
def test_claims_match_schema_and_functions(paper):
    jsonschema.validate(written(paper), SCHEMA)
    claims = claims_of(paper)
    assert len(claims) == len(written(paper)["claims"])
    module = importlib.import_module(f"latephase.papers.{paper}.claims")
    for name, claim in claims.items():
        assert name.startswith(paper)
        parameters = inspect.signature(getattr(module, claim["statistic"])).parameters
        assert set(claim["arguments"]) == set(parameters) - {"table"}
        assert all(p.default is p.empty for p in parameters.values())


@pytest.mark.parametrize(
    ("key", "value"),
    [("threshold", {"low": None, "high": None}), ("extra", 1), ("arguments", {"a": [[1]]})],
)
def test_schema_is_strict(key, value):
    first, *_ = written(PAPERS[0])["claims"]
    jsonschema.validate({"claims": [first]}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"claims": [first | {key: value}]}, SCHEMA)
