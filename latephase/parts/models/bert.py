"""BERT as the library transformers has it, to classify texts (han2025, Figs. 16 and 17).

The sizes are those of TinyBERT (``huawei-noah/TinyBERT_General_4L_312D``). No dropout, as in the
paper. Without ``weights`` it begins at random, as the library does.

Features are what the head reads: the pooler's output, a dense layer and tanh above the first token.
The paper's code takes that token's hidden state *below* the pooler for φ. With features scaled to
norm 1 its regulariser is the same number for both; the bound of relative flatness that it logs
without the regulariser is not.
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
"""What the keys of the weights' config.json are called here."""
FIXED = {"hidden_act": "gelu"}
"""What the network is, whatever its parameters."""
USUAL = {
    "layer_norm_eps": [1e-12],
    "position_embedding_type": ["absolute"],
    "is_decoder": [False],
    "add_cross_attention": [False],
}
"""What it is as well, which a config.json need not say: a key that is missing means this."""
AT_ONCE = 256
"""Texts that a forward pass without gradients takes: each layer puts out a map of tokens."""


class Model(nn.Module):
    """``network``, the library's, below a head that sees the pooler's output."""

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
                # Written out: torch's own kernels have no second derivatives.
                attn_implementation="eager",
            )
        )
        self.network, self.head = whole.bert, whole.classifier
        # Integers, which are given with each batch instead.
        del self.network.embeddings.position_ids, self.network.embeddings.token_type_ids
        pretrained.fill(self.network, weights, "bert.")

    def features(self, x: Tensor) -> Tensor:
        """What the head sees: tokens ``[N, T]`` to ``[N, width]``."""
        if torch.is_grad_enabled():
            return self._pooled(x)
        return torch.cat([self._pooled(some) for some in x.split(AT_ONCE)])

    def _pooled(self, x: Tensor) -> Tensor:
        # As what is added to the scores, [N, 1, 1, T]: the library looks into any other mask, which
        # cannot be done for several runs at once.
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
