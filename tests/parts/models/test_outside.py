"""A network of the user's own file: her features, her logits, and what is wrong told in a line."""

import pytest
import torch

from latephase.errors import UserError
from latephase.parts import network
from tests import elsewhere


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return elsewhere.write_models(tmp_path_factory.mktemp("mine"))


def images(count=5):
    return torch.rand(count, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def test_features_are_what_goes_into_the_head(file):
    model, own = elsewhere.model(file, "Net", classes=10), elsewhere.network(file, "Net")
    x = images()
    assert torch.equal(model.features(x), own.relu(own.first(x.flatten(1))))
    assert torch.equal(model(x), own(x))
    assert [*dict(model.named_parameters())] == [
        *("head.weight", "head.bias", "net.first.weight", "net.first.bias")
    ]
    assert model.names() == {
        "last.weight": "head.weight",
        "last.bias": "head.bias",
        "first.weight": "net.first.weight",
        "first.bias": "net.first.bias",
    }


@pytest.mark.parametrize(
    "name, given",
    [
        ("Net", {"arguments": {"bias": False, "width": 7}}),
        ("Maps", {}),
        ("Maps", {"features": "body"}),
        ("HeadFirst", {"head": "head"}),
        ("sequence", {"features": "2", "head": "3"}),
        ("sequence", {"arguments": {"width": 9}}),
    ],
)
def test_networks_of_many_forms(file, name, given):
    model = elsewhere.model(file, name, **given).eval()
    own = elsewhere.network(file, name, **given.get("arguments", {}))
    x = images()
    assert torch.equal(model(x), own(x))
    whole, before = model.whole(x)
    assert torch.equal(whole, own(x))
    assert (before is not None) == ("features" in given)
    assert model.features(x).shape == (5, model.head.in_features)
    assert torch.equal(model(x), own(x)), "the head is out of its place again"
    named = dict(model.named_parameters())
    assert ("head.bias" in named) == (own(x).shape[1] == 10 and model.head.bias is not None)


def test_parameters_are_given_as_to_any_network_of_ours(file):
    model, own = elsewhere.model(file, "Maps").eval(), elsewhere.network(file, "Maps", seed=5)
    state = own.state_dict()
    tensors = {ours: state[theirs] for theirs, ours in model.names().items()}
    assert torch.equal(network.logits(model, tensors, images()), own(images()))
    assert not torch.equal(model(images()), own(images()))  # its own are as they were


@pytest.mark.parametrize(
    "shape, given, seen",
    [
        ([1, 1, 64], None, (5, 64)),
        ([1, 8, 8], None, (5, 1, 8, 8)),
        ([3, 2, 2], [12], (5, 12)),
        ([1, 8, 8], [4, 16], (5, 4, 16)),
    ],
)
def test_inputs_come_in_the_shape_that_the_network_takes(tmp_path, shape, given, seen):
    (tmp_path / "my_model.py").write_text(
        "from torch import nn\n\n\nclass Seen(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.last = nn.LazyLinear(3)\n\n"
        "    def forward(self, x):\n        self.shape = tuple(x.shape)\n"
        "        return self.last(x.flatten(1))\n"
    )
    text = (tmp_path / "my_model.py").read_text()
    size = torch.Size(shape).numel()
    (tmp_path / "my_model.py").write_text(text.replace("LazyLinear(3", f"Linear({size}, 3"))
    model = elsewhere.model(tmp_path / "my_model.py", "Seen", shape, 3, inputs=given)
    model(torch.rand(5, *shape))
    assert model.net.shape == seen


def test_it_can_be_differentiated_as_any_other(file):
    """The forward pass is ended at the head, within transformations too."""
    model = elsewhere.model(file, "Net").eval()
    parameters, x = dict(model.named_parameters()), images()

    def total(named):
        return torch.func.functional_call(model, named, (x,)).square().sum()

    gradient = torch.func.grad(total)(parameters)
    total(parameters).backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(gradient[name], parameter.grad)


def test_files_beside_it_can_be_imported(tmp_path):
    (tmp_path / "layers_of_mine.py").write_text("WIDTH = 5\n")
    text = "from layers_of_mine import WIDTH\n" + elsewhere.SOURCE.partition('"""\n')[2]
    (tmp_path / "my_model.py").write_text(text.replace("width=12", "width=WIDTH"))
    assert elsewhere.model(tmp_path / "my_model.py", "Net").head.in_features == 5


WRONG = {
    "class": (("Nett", {}), r"my_model\.py: has no class Nett; allowed: Net, LogSoftmax"),
    "arguments": (("Net", {"arguments": {"wide": 3}}), "unexpected keyword argument 'wide'"),
    "raises": (("Raises", {}), r"my_model\.py: line \d+ \(self\.last.*\) raises ZeroDivisionError"),
    "number": (("a_number", {}), "my_model.py:a_number: gives a int; allowed: a torch.nn.Module"),
    "head": (("Net", {"head": "lasst"}), "head is 'lasst'; allowed: first, relu, last"),
    "head not linear": (("Net", {"head": "relu"}), "head is 'relu', not linear; allowed: first, l"),
    "features": (("Net", {"features": "body"}), "features is 'body'; allowed: first, relu, last"),
    "inputs": (("Net", {"inputs": [63]}), r"inputs is \[63\]; allowed: a shape of 64 numbers"),
    "classes": (
        ("Net", {"arguments": {"classes": 7}}),
        "its head last has 7 outputs; the data have 10 classes, labels 0 to 9",
    ),
}  # fmt: skip


@pytest.mark.parametrize("asked, told", WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_one_line(file, asked, told):
    name, given = asked
    with pytest.raises(UserError, match=told) as caught:
        elsewhere.model(file, name, **given)
    assert "\n" not in str(caught.value)


FORWARD = {
    "shapes": (
        "Net",
        [1, 1, 63],
        r"my_model\.py: line \d+ \(return .*\) raises RuntimeError: mat1",
    ),
    "no call": ("Uncalled", [1, 1, 64], r"my_model\.py: line \d+ .* raises AttributeError"),
}


@pytest.mark.parametrize("name, shape, told", FORWARD.values(), ids=FORWARD)
def test_what_her_network_raises_is_told_with_her_line(file, name, shape, told):
    model = elsewhere.model(file, name, shape)
    with pytest.raises(UserError, match=told):
        model.features(torch.zeros(2, *shape))


def test_a_head_that_is_not_called(tmp_path):
    text = elsewhere.SOURCE.replace("self.last(self.relu(", "(self.relu(")
    (tmp_path / "my_model.py").write_text(text)
    with pytest.raises(UserError, match="its head last is not called"):
        elsewhere.model(tmp_path / "my_model.py", "Net").features(images())


def test_a_head_of_other_parameters(tmp_path):
    text = elsewhere.SOURCE.replace(
        "nn.Linear(width, classes, bias=bias)",
        "nn.utils.parametrizations.weight_norm(nn.Linear(width, classes))",
    )
    (tmp_path / "my_model.py").write_text(text)
    with pytest.raises(UserError, match="its head last takes its weight from other parameters"):
        elsewhere.model(tmp_path / "my_model.py", "Net")


def test_a_network_of_several_outputs(file):
    with pytest.raises(
        UserError, match=r"my_model\.py:Pair: forward gives a tuple; allowed: a ten"
    ):
        elsewhere.model(file, "Pair").whole(images())


def test_a_layer_before_the_head_of_several_outputs(tmp_path):
    text = elsewhere.SOURCE.replace("nn.Linear(64, width)", "nn.LSTM(64, width)")
    text = text.replace("self.first(x.flatten(1))", "self.first(x.flatten(1))[0]")
    (tmp_path / "my_model.py").write_text(text)
    model = elsewhere.model(tmp_path / "my_model.py", "Net", features="first")
    with pytest.raises(
        UserError, match=r"my_model\.py:Net: first gives a tuple; allowed: a tensor"
    ):
        model.whole(images())


def test_a_layer_of_unknown_size(tmp_path):
    text = elsewhere.SOURCE.replace("nn.Linear(64, width)", "nn.LazyLinear(width)")
    (tmp_path / "my_model.py").write_text(text)
    with pytest.raises(UserError, match=r"Net: first\.weight has no size yet"):
        elsewhere.model(tmp_path / "my_model.py", "Net")


def test_other_code_than_planned_is_refused(tmp_path):
    from latephase.runs import code_digest

    file = elsewhere.write_models(tmp_path)
    planned = elsewhere.entry(file, "Net")
    file.write_text(elsewhere.SOURCE.replace("relu(self.first", "relu(-self.first"))
    code_digest.forget()
    spec = {"model": planned}
    with pytest.raises(UserError, match="edited since its runs were planned"):
        network.build_model(spec, {"shape": [1, 8, 8], "classes": 10})


@pytest.mark.parametrize("end", ["import sys; sys.exit(3)", "raise KeyError('x')", "1 / 0"])
def test_a_file_that_cannot_be_imported(tmp_path, end):
    (tmp_path / "my_model.py").write_text(f"{elsewhere.SOURCE}\n{end}\n")
    with pytest.raises(UserError, match=r"my_model\.py: (line \d+ .* raises|ends the program)"):
        elsewhere.model(tmp_path / "my_model.py", "Net")
