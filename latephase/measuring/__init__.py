"""From checkpoints, of latephase or of other code, to rows of metrics."""
