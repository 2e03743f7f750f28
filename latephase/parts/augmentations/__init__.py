"""Augmentations, one module each: random numbers for each sample and epoch, and their effect."""
