"""GPT-2 of the library transformers, for the classification of texts (han2025, Figs. 18 and 19).

The sizes are those of DistilGPT2 (``distilbert/distilgpt2``). There is no dropout, as in the paper.
Without ``weights``, the network starts from the library's random initialisation.

Features are the last hidden state of a text's last token that is not padding. They are the head's
input. The head has no bias, as in the library and in the paper's code.
"""

import torch
from torch import Tensor, nn
from transformers import GPT2Config, GPT2ForSequenceClassification

from latephase.parts import pretrained

PARAMETERS = {
    "width": {"type": "integer", "minimum": 1, "default": 768},
    "layers": {"type": "integer", "minimum": 1, "default": 6},
    "heads": {"type": "integer", "minimum": 1, "default": 12},
    # Tokens of the longest text.
    "positions": {"type": "integer", "minimum": 1, "default": 1024},
    # The name of weights in the configuration; null: none.
    "weights": {"type": ["string", "null"], "minLength": 1, "default": None},
}
INPUTS = ["integers"]
LIBRARY = "transformers"
CONFIG = {
    "n_embd": "width",
    "n_layer": "layers",
    "n_head": "heads",
    "n_positions": "positions",
}
"""Keys of the weights' config.json, and the parameters with the same meaning."""
FIXED = {"activation_function": "gelu_new"}
"""The values that these keys must have, whatever the parameters are."""
USUAL = {
    "layer_norm_epsilon": [1e-05],
    "scale_attn_weights": [True],
    "scale_attn_by_inverse_layer_idx": [False],
    "add_cross_attention": [False],
}
"""The values that these keys may have. A missing key means the same."""
AT_ONCE = 64
"""Texts in a forward pass without gradients. Each layer's output is a map of all tokens."""


class Model(nn.Module):
    """The library's network as ``network``, below a head that reads a text's last token."""

    def __init__(
        self,
        shape: list[int],
        classes: int,
        vocabulary: int | None = None,
        padding: int | None = None,
        width: int = 768,
        layers: int = 6,
        heads: int = 12,
        positions: int = 1024,
        weights: str | None = None,
    ):
        super().__init__()
        self.padding = padding
        whole = GPT2ForSequenceClassification(
            GPT2Config(
                vocab_size=vocabulary or classes,
                n_embd=width,
                n_layer=layers,
                n_head=heads,
                n_positions=positions,
                activation_function=FIXED["activation_function"],
                layer_norm_epsilon=USUAL["layer_norm_epsilon"][0],
                embd_pdrop=0.0,
                attn_pdrop=0.0,
                resid_pdrop=0.0,
                bos_token_id=None,
                eos_token_id=None,
                pad_token_id=padding,
                num_labels=classes,
                use_cache=False,
                # "eager" is attention written out: torch's own kernels have no second derivatives.
                attn_implementation="eager",
            )
        )
        self.network, self.head = whole.transformer, whole.score
        pretrained.fill(self.network, weights, "transformer.")

    def features(self, x: Tensor) -> Tensor:
        """The head's input: tokens ``[N, T]`` to ``[N, width]``."""
        if torch.is_grad_enabled():
            return self._last(x)
        return torch.cat([self._last(some) for some in x.split(AT_ONCE)])

    def _last(self, x: Tensor) -> Tensor:
        places = torch.arange(x.shape[1], device=x.device)
        # The mask is given as a term that is added to the scores, [1, 1, T, T]. The library reads
        # the values of any other mask, which is not possible for several runs at once. Padding
        # comes last, so no token of a text attends to it.
        dtype = self.head.weight.dtype
        later = (places > places[:, None]).to(dtype) * torch.finfo(dtype).min
        hidden = self.network(
            input_ids=x, attention_mask=later[None, None], position_ids=places[None]
        ).last_hidden_state
        padded = torch.zeros_like(x) if self.padding is None else x == self.padding
        last = places.where(padded == 0, 0).amax(1)
        return hidden.take_along_dim(last[:, None, None], 1).squeeze(1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[N, K]``."""
        return self.head(self.features(x))
