"""The columns of a training's history, in addition to run and step."""

HISTORY = ("loss_train", "loss_test", "accuracy_train", "accuracy_test")
"""The values that a training measures at each checkpoint."""
DIVERGED_AT = "diverged_at"
"""The first step at which a run's training loss is not finite; NaN if there is none."""
