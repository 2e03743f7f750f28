"""Augmentations, one module each: what is drawn for a sample in an epoch, and what it changes."""
