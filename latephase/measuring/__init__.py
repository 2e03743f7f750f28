"""From checkpoints, by whomever they were written, to rows of metrics."""
