"""State dicts that other code wrote: as safetensors, or in torch's format without its pickle.

Nothing that such a file holds is run: ``torch.load`` reads tensors and plain containers of them
(``weights_only=True``), and refuses a file that asks for more.
"""

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from latephase.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

NESTED = ("state_dict", "model_state_dict", "model")
"""Where a training's checkpoint keeps the network's tensors, beside its optimizer's state."""


def read(path: Path) -> "dict[str, Tensor]":
    """The tensors of a network by their names, on the CPU, as the file has them.

    Raises UserError where the file is damaged, would have to be unpickled, or has no state dict.
    """
    found = _of_safetensors(path) if path.suffix == ".safetensors" else _of_torch(path)
    return _state_dict(path, found)


def _of_safetensors(path: Path) -> "dict[str, Tensor]":
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path}: not a readable safetensors file ({_line(error)})") from None


def _of_torch(path: Path) -> Any:
    import torch

    try:
        with warnings.catch_warnings(action="ignore"):
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or _line(error)})") from None
    # Of a file that anyone may have written, its reader may raise anything.
    except Exception as error:
        text = _line(error)
        if type(error).__name__ != "UnpicklingError" and "weights_only" not in text:
            raise UserError(f"{path}: not a readable file of torch.save ({text[:200]})") from None
        asked = re.search(r"GLOBAL ([\w.]*\w)", text)
        raise UserError(
            f"{path}: holds {asked[1] if asked else 'more than tensors'}, which would have to be "
            "unpickled, and this can run any code; allowed: only tensors, as "
            "torch.save(model.state_dict(), …) writes them"
        ) from None


def _state_dict(path: Path, found: Any) -> "dict[str, Tensor]":
    """What is a network's in what a file holds: all of it, or one of the :data:`NESTED` entries."""
    if _is_state_dict(found):
        return dict(found)
    entries = found if isinstance(found, dict) else {}
    for name in NESTED:
        if _is_state_dict(entries.get(name)):
            return dict(entries[name])
    told = ", ".join(map(str, entries)) if entries else type(found).__name__
    raise UserError(
        f"{path}: has no tensors by name ({told[:200]}); "
        f"allowed: a state dict, or one under {', '.join(NESTED)}"
    )


def _is_state_dict(value: Any) -> bool:
    import torch

    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in value.items())
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
