"""How much memory a function takes at once."""

import torch
from torch.overrides import TorchFunctionMode


class Largest(TorchFunctionMode):
    """The bytes of the largest tensor that was made, not counting other views of an argument."""

    def __init__(self):
        super().__init__()
        self.size = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **kwargs or {})
        if isinstance(result, torch.Tensor):
            storage = result.untyped_storage()
            given = [a.untyped_storage().data_ptr() for a in args if isinstance(a, torch.Tensor)]
            if storage.data_ptr() not in given:
                self.size = max(self.size, storage.nbytes())
        return result
