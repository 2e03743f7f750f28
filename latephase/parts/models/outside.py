"""A network that the user's own file defines and that other code trained.

This module declares no parameters, so no study can name it. A study with ``checkpoints.folder``
uses it (:mod:`latephase.catalog.outside`), with these entries:

- ``file`` and ``class`` name a class or function that makes the network. It is called with
  ``arguments``.
- ``code`` is the digest of the file when the runs were planned.
- ``head`` names the last linear layer; by default it is the last one that the network defines.
- ``features`` names the layer whose output goes into the head. If it is given, this is checked.
- ``inputs`` is the shape of one input for the network; by default vectors have the shape [N, d] and
  images [N, C, H, W].

The features are the head's input, flattened to [N, d]. The head is taken out of the network and
kept beside it, so its parameters are ``head.weight`` and ``head.bias``, as in every model.
"""

import contextlib
import importlib.util
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from latephase.errors import UserError
from latephase.runs import outside
from latephase.runs.own_code import lines_of_files


class Model(nn.Module):
    """The user's network as ``net``, and its last layer as ``head``."""

    def __init__(self, shape: list[int], classes: int, **entry: Any):
        super().__init__()
        self.file = Path(entry["file"]).resolve()
        self.told = f"{entry['file']}:{entry['class']}"
        self.shape = _inputs(self.told, shape, entry["inputs"])
        net = _made(self.file, self.told, entry)
        self.head_name = _head_name(net, self.told, entry["head"])
        self.features_name = _known(net, self.told, "features", entry["features"])
        self.head = net.get_submodule(self.head_name)
        net.set_submodule(self.head_name, _Arrival())
        self.net = net
        if not {name for name, _ in self.head.named_parameters()} <= {"weight", "bias"}:
            raise UserError(
                f"{self.told}: its head {self.head_name} takes its weight from other parameters; "
                "allowed: a torch.nn.Linear as it is"
            )
        if (given := self.head.out_features) < classes:
            raise UserError(
                f"{self.told}: its head {self.head_name} has {given} outputs; "
                f"the data have {classes} classes, labels 0 to {classes - 1}"
            )

    def names(self) -> dict[str, str]:
        """The names of parameters and buffers in the user's network, and their names here.

        Only names that a file of the network's state contains are listed.
        """
        start = {"head": f"{self.head_name}.", "net": ""}
        split = {name: name.partition(".") for name in self.state_dict()}
        return {start[first] + rest: name for name, (first, _, rest) in split.items()}

    def features(self, x: Tensor) -> Tensor:
        """The head's input, flattened: ``[N, ...]`` to ``[N, d]``."""
        with lines_of_files([self.file]):
            try:
                self.net(x.reshape(len(x), *self.shape))
            except _AtHead as arrived:
                return arrived.features.flatten(1)
        raise UserError(
            f"{self.told}: its head {self.head_name} is not called; allowed: one that is"
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[N, K]``."""
        return self.head(self.features(x))

    def whole(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """The output of the user's whole network, and the output of the layer before the head.

        The second is None if ``features`` does not name this layer, or if the layer is not called.
        """
        outputs = []
        with self._put_together(), lines_of_files([self.file]):
            handle = None
            if self.features_name:
                layer = self.net.get_submodule(self.features_name)
                handle = layer.register_forward_hook(lambda *called: outputs.append(called[2]))
            given = self.net(x.reshape(len(x), *self.shape))
            if handle:
                handle.remove()
        for what, found in [("forward", given), *((self.features_name, one) for one in outputs)]:
            if not isinstance(found, Tensor):
                kind = type(found).__name__
                raise UserError(f"{self.told}: {what} gives a {kind}; allowed: a tensor")
        return given, outputs[-1] if outputs else None

    @contextlib.contextmanager
    def _put_together(self) -> Iterator[None]:
        """While this context lasts, the head is in its place in the network."""
        arrival = self.net.get_submodule(self.head_name)
        self.net.set_submodule(self.head_name, self.head)
        try:
            yield
        finally:
            self.net.set_submodule(self.head_name, arrival)


class _AtHead(BaseException):
    """The forward pass has reached the head. It is not an Exception, which a network may catch."""

    def __init__(self, features: Tensor):
        super().__init__()
        self.features = features


class _Arrival(nn.Module):
    """Takes the head's place and ends the forward pass there, because the rest is not needed."""

    def forward(self, features: Tensor) -> Tensor:
        raise _AtHead(features)


def _made(file: Path, told: str, entry: dict[str, Any]) -> nn.Module:
    """The network, in single precision."""
    if outside.code(str(file)) != entry["code"]:
        raise UserError(f"{entry['file']}: edited since its runs were planned; run again")
    with lines_of_files([file]):
        make = _loaded(file, entry)
        try:
            net = make(**entry["arguments"])
        except TypeError as error:
            if error.__traceback__.tb_next is None:  # the call itself, not what it calls
                raise UserError(f"{told}: {error}; allowed: what its arguments name") from None
            raise
    if not isinstance(net, nn.Module):
        kind = type(net).__name__
        raise UserError(f"{told}: gives a {kind}; allowed: a torch.nn.Module")
    for name, parameter in net.named_parameters():
        if is_lazy(parameter):
            raise UserError(f"{told}: {name} has no size yet; allowed: layers of known sizes")
    return net.float()


def _loaded(file: Path, entry: dict[str, Any]) -> Callable[..., Any]:
    """The class of the file. The file can import files beside it, as a program can."""
    # The module gets a name that nothing else has: the file's own may be that of a library.
    found = importlib.util.spec_from_file_location(f"latephase_outside_{file.stem}", file)
    module = sys.modules[found.name] = importlib.util.module_from_spec(found)
    sys.path.insert(0, str(file.parent))
    try:
        found.loader.exec_module(module)
    except SystemExit:
        told = f"{entry['file']}: ends the program when it is imported"
        raise UserError(f"{told}; allowed: a file that defines a class") from None
    finally:
        sys.path.remove(str(file.parent))
    make = getattr(module, entry["class"], None)
    if not callable(make):
        own = [value for value in vars(module).values() if isinstance(value, type)]
        names = [one.__name__ for one in own if one.__module__ == found.name]
        told = f"{entry['file']}: has no class {entry['class']}"
        raise UserError(f"{told}; allowed: {', '.join(names) or 'one that it defines'}")
    return make


def _inputs(told: str, shape: list[int], given: list[int] | None) -> list[int]:
    if given is None:
        return shape[2:] if len(shape) == 3 and shape[:2] == [1, 1] else shape
    if math.prod(given) != (size := math.prod(shape)):
        raise UserError(
            f"{told}: inputs is {given}; allowed: a shape of {size} numbers, as the data's {shape}"
        )
    return given


def _known(net: nn.Module, told: str, key: str, name: str | None) -> str | None:
    """A layer's name. Raises UserError if the network has no layer of that name."""
    names = [known for known, _ in net.named_modules() if known]
    if name is not None and name not in names:
        raise UserError(f"{told}: {key} is {name!r}; allowed: {', '.join(names) or 'none'}")
    return name


def _head_name(net: nn.Module, told: str, given: str | None) -> str:
    linear = [name for name, layer in net.named_modules() if name and isinstance(layer, nn.Linear)]
    if not linear:
        raise UserError(
            f"{told}: has no torch.nn.Linear in it; allowed: a network with a linear head"
        )
    name = _known(net, told, "head", given) or linear[-1]
    if name not in linear:
        raise UserError(f"{told}: head is {name!r}, not linear; allowed: {', '.join(linear)}")
    return name
