"""What a metric of one's own can be given of a checkpoint."""

MEASURABLE = (
    *("features", "labels", "logits", "inputs"),
    *("test_features", "test_labels", "test_logits", "test_inputs"),
    *("weight", "bias", "loss", "classes", "model", "parameters"),
)
"""What a metric of one's own may ask for, by the names of its arguments: scripts/extract/own.py."""
