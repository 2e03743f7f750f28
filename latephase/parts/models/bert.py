"""BERT of the library transformers, for the classification of texts (han2025, Figs. 16 and 17).

The sizes are those of TinyBERT (``huawei-noah/TinyBERT_General_4L_312D``). There is no dropout, as
in the paper. Without ``weights``, the network starts from the library's random initialisation.

Features are the head's input: the pooler's output, which is a dense layer and tanh above the first
token. The paper's code uses that token's hidden state *below* the pooler as φ. With features scaled
to norm 1, the paper's regulariser is the same number for both. The bound of relative flatness that
the code logs without the regulariser differs.
"""

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertForSequenceClassification

from latephase.parts import pretrained

PARAMETERS = {
    "width": {"type": "integer", "minimum": 1, "default": 312},
    "layers": {"type": "integer", "minimum": 1, "default": 4},
    "heads": {"type": "integer", "minimum": 1, "default": 12},
    "mlp_width": {"type": "integer", "minimum": 1, "default": 1200},
    # Tokens of the longest text.
    "positions": {"type": "integer", "minimum": 1, "default": 512},
    # The name of weights in the configuration; null: none.
    "weights": {"type": ["string", "null"], "minLength": 1, "default": None},
}
INPUTS = ["integers"]
LIBRARY = "transformers"
CONFIG = {
    "hidden_size": "width",
    "num_hidden_layers": "layers",
    "num_attention_heads": "heads",
    "intermediate_size": "mlp_width",
    "max_position_embeddings": "positions",
}
"""Keys of the weights' config.json, and the parameters with the same meaning."""
FIXED = {"hidden_act": "gelu"}
"""The values that these keys must have, whatever the parameters are."""
USUAL = {
    "layer_norm_eps": [1e-12],
    "position_embedding_type": ["absolute"],
    "is_decoder": [False],
    "add_cross_attention": [False],
}
"""The values that these keys may have. A missing key means the same."""
AT_ONCE = 256
"""Texts in a forward pass without gradients. Each layer's output is a map of all tokens."""


class Model(nn.Module):
    """The library's network as ``network``, below a head that reads the pooler's output."""

    def __init__(
        self,
        shape: list[int],
        classes: int,
        vocabulary: int | None = None,
        padding: int | None = None,
        width: int = 312,
        layers: int = 4,
        heads: int = 12,
        mlp_width: int = 1200,
        positions: int = 512,
        weights: str | None = None,
    ):
        super().__init__()
        self.padding = padding
        whole = BertForSequenceClassification(
            BertConfig(
                vocab_size=vocabulary or classes,
                hidden_size=width,
                num_hidden_layers=layers,
                num_attention_heads=heads,
                intermediate_size=mlp_width,
                max_position_embeddings=positions,
                hidden_act=FIXED["hidden_act"],
                layer_norm_eps=USUAL["layer_norm_eps"][0],
                hidden_dropout_prob=0.0,
                attention_probs_dropout_prob=0.0,
                pad_token_id=padding,
                num_labels=classes,
                # "eager" is attention written out: torch's own kernels have no second derivatives.
                attn_implementation="eager",
            )
        )
        self.network, self.head = whole.bert, whole.classifier
        # These buffers are integers. They are given with each batch instead.
        del self.network.embeddings.position_ids, self.network.embeddings.token_type_ids
        pretrained.fill(self.network, weights, "bert.")

    def features(self, x: Tensor) -> Tensor:
        """The head's input: tokens ``[N, T]`` to ``[N, width]``."""
        if torch.is_grad_enabled():
            return self._pooled(x)
        return torch.cat([self._pooled(some) for some in x.split(AT_ONCE)])

    def _pooled(self, x: Tensor) -> Tensor:
        # The mask is given as a term that is added to the scores, [N, 1, 1, T]. The library reads
        # the values of any other mask, which is not possible for several runs at once.
        hidden = torch.zeros_like(x) if self.padding is None else x == self.padding
        dtype = self.head.weight.dtype
        mask = hidden.to(dtype) * torch.finfo(dtype).min
        return self.network(
            input_ids=x,
            attention_mask=mask[:, None, None],
            token_type_ids=torch.zeros_like(x),
            position_ids=torch.arange(x.shape[1], device=x.device)[None],
        ).pooler_output

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[N, K]``."""
        return self.head(self.features(x))
