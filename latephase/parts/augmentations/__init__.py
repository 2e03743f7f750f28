"""Augmentations, one module each: what of a sample is drawn in an epoch, and what it does to it."""
