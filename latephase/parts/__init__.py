"""What a spec names: models, losses, optimizers and the rest, a file each, found by its name."""
