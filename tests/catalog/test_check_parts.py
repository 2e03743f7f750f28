"""Parts of a user's own that are not what their kind must be: one line, before anything runs."""

import os

import pytest

from latephase.catalog import check_parts
from latephase.errors import UserError
from latephase.runs import code_digest, declared

UPDATE = "def update(params, grads, state, hyper, step, layout): pass\n"
OPTIMIZER = f"PARAMETERS = {{'lr': {{'type': 'number'}}}}\nSTATE = ('m',)\n{UPDATE}"
MODEL = """PARAMETERS = {'widths': {'type': 'array'}}
class Model:
    def __init__(self, shape, classes, widths): pass
"""
LOSS = "PARAMETERS = {}\ndef per_sample(logits, targets): pass\nlogit_gradient = per_sample\n"
SCHEDULE = "PARAMETERS = {'rate': {'type': 'number'}}\ndef factor(step, steps, rate): pass\n"

GOOD = [
    ("optimizer", OPTIMIZER),
    ("optimizer", OPTIMIZER.replace("('m',)", "()")),
    ("optimizer", OPTIMIZER.replace("('m',)", "['m', 'v']")),
    ("optimizer", OPTIMIZER.replace("step, layout", "step, layout, more=1")),
    ("optimizer", OPTIMIZER.replace("(params, grads, state, hyper, step, layout)", "(*given)")),
    ("optimizer", "PARAMETERS = {}\nSTATE = ()\nfrom elsewhere import update\n"),
    ("optimizer", "PARAMETERS = {}\nSTATE: tuple = ()\nfrom elsewhere import step as update\n"),
    ("model", MODEL),
    ("model", MODEL.replace("widths): pass", "**parameters): pass")),
    ("model", MODEL.replace("classes, widths", "classes, *, widths")),
    ("model", MODEL.replace("classes, widths", "classes, /, widths, deep=True")),
    ("model", "PARAMETERS = {}\nfrom torchlike import Network as Model\n"),
    ("model", "PARAMETERS = {}\nclass Model: pass\n"),
    ("model", f"{MODEL}LIBRARY = 'timm'\nCONFIG = {{'deep': 'widths'}}\nFIXED = {{'act': 1}}\n"),
    (
        "model",
        f"{MODEL}NAMED = {{'size': {{'large': {{'widths': [9]}}}}}}\nUSUAL = {{'eps': [1]}}\n",
    ),
    ("loss", LOSS),
    ("loss", LOSS.replace("(logits, targets)", "(f, y, scale=1)")),
    ("schedule", SCHEDULE),
    ("schedule", SCHEDULE.replace("rate): pass", "rate=1, *, end=0): pass")),
]

MISSING = " is missing; every "
BAD = [
    ("model", f"{MODEL}LIBRARY = 'tim'\n", "LIBRARY is 'tim', which has no envs/train-tim.yaml"),
    ("model", f"{MODEL}LIBRARY = 3\n", "LIBRARY is 3; allowed: string"),
    ("model", f"{MODEL}CONFIG = {{'deep': 'depth'}}\n", "CONFIG.deep is 'depth'; allowed: widths"),
    ("model", f"{MODEL}FIXED = 'relu'\n", "FIXED is 'relu'; allowed: object"),
    ("model", f"{MODEL}USUAL = {{'eps': 1}}\n", "USUAL.eps is 1; allowed: array"),
    (
        "model",
        f"{MODEL}NAMED = {{'size': {{'large': {{'depth': 9}}}}}}\n",
        "NAMED.size.large is 'depth'; allowed: widths",
    ),
    ("optimizer", OPTIMIZER.replace(UPDATE, ""), "update" + MISSING),
    ("optimizer", OPTIMIZER.replace("STATE = ('m',)\n", ""), "STATE" + MISSING),
    ("optimizer", OPTIMIZER.replace("def update", "def step"), "update" + MISSING),
    ("optimizer", OPTIMIZER.replace("def update", "async def update"), "update" + MISSING),
    ("optimizer", OPTIMIZER.replace("('m',)", "'m'"), "STATE is 'm'; allowed: array"),
    ("optimizer", OPTIMIZER.replace("('m',)", "(1,)"), "STATE[0] is 1; allowed: string"),
    (
        "optimizer",
        OPTIMIZER.replace("('m',)", "('m', 'm')"),
        "STATE is ['m', 'm']; allowed: a list",
    ),
    ("optimizer", OPTIMIZER.replace("('m',)", "('',)"), "STATE[0] is ''; allowed: text of length"),
    ("optimizer", OPTIMIZER.replace("('m',)", "tuple('m')"), "STATE at line 2 is tuple('m')"),
    ("optimizer", OPTIMIZER.replace("('m',)", "{'m': 1}"), "STATE is {'m': 1}; allowed: array"),
    ("optimizer", OPTIMIZER.replace("hyper, step, layout", "hyper"), "update takes (params, grads"),
    ("optimizer", OPTIMIZER.replace("step, layout", "step, layout, more"), "update takes (params"),
    ("optimizer", OPTIMIZER.replace("step, layout", "step, layout, *, more"), "update takes (par"),
    (
        "optimizer",
        OPTIMIZER.replace("'number'", "'numbre'"),
        "PARAMETERS.lr is not a JSON schema (",
    ),
    (
        "optimizer",
        OPTIMIZER.replace("'type': 'number'", "'minimum': 'a'"),
        "PARAMETERS.lr is not a JSO",
    ),
    ("optimizer", OPTIMIZER.replace("'lr'", "'l r'"), "PARAMETERS.l r is not a usable name"),
    ("optimizer", OPTIMIZER.replace("'lr'", "'name'"), "PARAMETERS.name is not a usable name"),
    ("optimizer", OPTIMIZER.replace("'lr'", "1"), "PARAMETERS.1 is not a usable name"),
    ("optimizer", OPTIMIZER.replace("'lr'", "''"), "PARAMETERS. is not a usable name"),
    (
        "optimizer",
        OPTIMIZER.replace("'number'", "'number', 'default': 'x'"),
        "PARAMETERS.lr.default is 'x'; allowed: number",
    ),
    (
        "optimizer",
        OPTIMIZER.replace("'number'", "'number', 'minimum': 1, 'default': 0"),
        "PARAMETERS.lr.default is 0; allowed: at least 1",
    ),
    (
        "optimizer",
        OPTIMIZER + "import importlib\nimportlib.import_module('x')\n",
        "would hide an edit",
    ),
    ("model", MODEL.replace("class Model", "class Network"), "Model" + MISSING),
    ("model", "PARAMETERS = {}\nModel: type\n", "Model" + MISSING),
    ("model", MODEL.replace(", widths)", ")"), "Model.__init__ takes (self, shape, classes)"),
    ("model", MODEL.replace("shape, classes, widths", "widths"), "Model.__init__ takes (self, wid"),
    (
        "model",
        MODEL.replace("classes, widths", "classes, width"),
        "allowed: (self, shape, classes,",
    ),
    ("model", MODEL.replace("widths)", "widths, /)"), "Model.__init__ takes (self, shape, classes"),
    ("model", MODEL.replace("widths)", "widths, depth)"), "allowed: (self, shape, classes, widths"),
    ("loss", LOSS.replace("per_sample", "loss"), "per_sample" + MISSING),
    ("loss", LOSS.replace("logit_gradient", "slope"), "logit_gradient" + MISSING),
    ("loss", LOSS.replace("logits, targets", "logits"), "per_sample takes (logits); allowed: (log"),
    ("schedule", SCHEDULE.replace("def factor", "def rate"), "factor" + MISSING),
    ("schedule", SCHEDULE.replace(", rate)", ")"), "factor takes (step, steps); allowed: (step, "),
    ("schedule", SCHEDULE.replace("step, steps, rate", "rate"), "factor takes (rate); allowed: ("),
    ("schedule", SCHEDULE.replace("rate)", "rates)"), "factor takes (step, steps, rates); allowed"),
]


@pytest.fixture
def part(tmp_path, monkeypatch):
    """A part of a user's own, by its kind and source."""
    monkeypatch.setattr(declared, "PARTS", tmp_path)
    cached = (
        *(declared.parameters, declared.names, declared.library),
        *(declared.config_keys, declared.config_fixed),
        *(declared.config_named, declared.config_usual),
        *(check_parts.check_part, check_parts.check_imports),
    )

    def forget():
        code_digest.forget()
        for function in cached:
            function.cache_clear()

    def written(kind, source):
        forget()
        path = declared.path(kind, "odd")
        path.parent.mkdir()
        path.write_text(source)
        unfollowed = code_digest.unfollowed
        monkeypatch.setattr(
            code_digest,
            "unfollowed",
            lambda module, root: unfollowed(f"{path.parent.name}.odd", tmp_path),
        )
        return path

    yield written
    forget()


@pytest.mark.parametrize(("kind", "source"), GOOD)
def test_what_is_right_passes(part, kind, source):
    part(kind, source)
    check_parts.check_part(kind, "odd")
    assert declared.names(kind) == ["odd"]


@pytest.mark.parametrize(("kind", "source", "said"), BAD)
def test_what_is_not_is_told_in_a_line(part, kind, source, said):
    path = part(kind, source)
    with pytest.raises(UserError) as caught:
        check_parts.check_part(kind, "odd")
    line = str(caught.value)
    assert said in line
    assert path.name in line
    assert line.isprintable()


@pytest.mark.parametrize("kind", declared.KINDS)
def test_the_shipped_parts_pass(kind):
    for name in declared.names(kind):
        check_parts.check_part(kind, name)


def test_what_is_no_file_is_no_part(part):
    path = part("optimizer", OPTIMIZER)
    (path.parent / "folder.py").mkdir()
    os.mkfifo(path.parent / "pipe.py")
    assert declared.names("optimizer") == ["odd"]
