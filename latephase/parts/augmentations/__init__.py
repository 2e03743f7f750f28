"""Augmentations, one module each: random choices for a sample in an epoch, and what they change."""
