"""State dicts that other code wrote: as safetensors, or in torch's format without its pickle.

Code in such a file is never run. ``torch.load`` reads only tensors and plain containers of them
(``weights_only=True``), and refuses a file that needs more.
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
"""Keys under which a checkpoint of a training keeps the network's tensors, beside the optimizer's
state."""


def read(path: Path) -> "dict[str, Tensor]":
    """The tensors of a network by their names, on the CPU, as the file has them.

    Raises UserError if the file is damaged, would have to be unpickled, or has no state dict.
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
    # Anyone may have written the file, so its reader may raise any error.
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
    """The network's tensors in a file's content: all of it, or one of :data:`NESTED`."""
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
