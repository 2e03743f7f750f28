"""From checkpoints, whoever wrote them, to rows of metrics."""
