"""The learning rate times ``factor`` from each milestone on: torch's ``MultiStepLR`` by steps.

zhao2026 multiplies it by 0.1 after a third and after two thirds of the epochs.
"""

PARAMETERS = {
    "milestones": {
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"type": "integer", "minimum": 1},
    },
    "factor": {"type": "number", "exclusiveMinimum": 0, "default": 0.1},
}


def factor(step: int, steps: int, milestones: list[int], factor: float = 0.1) -> float:
    """``factor`` to the power of the number of milestones that were reached."""
    return factor ** sum(step >= milestone for milestone in milestones)
