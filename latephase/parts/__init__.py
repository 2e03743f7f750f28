"""The parts that a spec names: models, losses, optimizers and so on, each in a file of its name."""
