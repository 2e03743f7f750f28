"""One run at one checkpoint, in the form that metrics use."""

from torch import Tensor, nn

from latephase.datasets import stored
from latephase.parts import network
from latephase.runs.spec import Spec

ROWS_AT_ONCE = 512  # how many rows of features are in float64 at a time


class Snapshot:
    """One run at one step: its head, and its outputs on the training and test sets.

    Features come from the network as it was trained, in float32. The head computes logits from
    these features in float64, because late in training, differences of logits are lost in float32.
    """

    def __init__(self, spec: Spec, model: nn.Module, tensors: dict[str, Tensor], data: stored.Data):
        self.spec, self.data, self._model, self._tensors = spec, data, model, tensors
        self.parameters = {name: tensors[name] for name, _ in model.named_parameters()}
        self.buffers = {name: tensors[name] for name, _ in model.named_buffers()}
        self.weight = self.parameters["head.weight"]
        self.bias = self.parameters.get("head.bias")
        self._features: dict[str, Tensor] = {}

    @property
    def model(self) -> nn.Module:
        """The network in evaluation mode, with this run's buffers. All runs share one network."""
        self._model.load_state_dict(self.buffers, strict=False)
        return self._model.eval()

    def features(self, split: str) -> Tensor:
        """The features ``[N, d]`` on the "train" or "test" set."""
        if split not in self._features:
            inputs = getattr(self.data, f"{split}_inputs")
            self._features[split] = network.features(self._model, self._tensors, inputs)
        return self._features[split]

    def features_of_places(self, split: str) -> Tensor | None:
        """The features ``[N, 2, d]`` at the two places of an equation.

        None for a network with only one place.
        """
        if not hasattr(self._model, "both_features"):
            return None
        inputs = getattr(self.data, f"{split}_inputs")
        return network.outputs(self._model, self._tensors, inputs, "both_features")

    def logits(self, split: str) -> Tensor:
        """The logits ``[N, K]`` on the "train" or "test" set, in float64."""
        bias = 0 if self.bias is None else self.bias.double()
        features, weight = self.features(split), self.weight.double()
        blocks = (block.double() @ weight.T + bias for block in features.split(ROWS_AT_ONCE))
        return network.gathered(blocks, len(features))

    @property
    def finite(self) -> bool:
        """Whether the run has not diverged."""
        return all(bool(tensor.isfinite().all()) for tensor in self._tensors.values())
