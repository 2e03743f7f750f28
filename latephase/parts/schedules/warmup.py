"""A linear warm-up from 0, then a constant rate, as in OpenAI's grok code (han2025, Fig. 1)."""

PARAMETERS = {"warmup_steps": {"type": "integer", "minimum": 0, "default": 10}}


def factor(step: int, steps: int, warmup_steps: int = 10) -> float:
    """step / warm-up, at most 1. The very first step has the factor 0."""
    return min(step / warmup_steps, 1.0) if warmup_steps else 1.0
