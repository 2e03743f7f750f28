"""What a spec names: models, losses, optimizers, schedules, a file each, found by its name."""
