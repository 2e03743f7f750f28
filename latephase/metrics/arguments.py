"""The arguments that a metric of your own may have."""

MEASURABLE = (
    *("features", "labels", "logits", "inputs"),
    *("test_features", "test_labels", "test_logits", "test_inputs"),
    *("weight", "bias", "loss", "classes", "model", "parameters"),
)
"""The names of these arguments. scripts/extract/own.py explains them."""
