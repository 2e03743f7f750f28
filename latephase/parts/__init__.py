"""What a spec names: models, losses, optimizers and so on, one file each, found by its name."""
