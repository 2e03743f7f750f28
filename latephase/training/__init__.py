"""Train a pack of runs, from its spec to its checkpoints."""
