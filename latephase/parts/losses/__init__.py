"""Losses, one module each: ``per_sample`` and its derivative by the logits, ``logit_gradient``."""
