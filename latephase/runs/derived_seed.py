"""Seeds for random streams that must not coincide with streams for another purpose."""

import hashlib


def derived_seed(*words: object) -> int:
    """A seed below 2⁶³ made from words: a purpose, and what distinguishes its streams.

    A generator with this seed is independent of a generator with the run's own seed, from which the
    initial weights are drawn.
    """
    mixed = hashlib.sha256(" ".join(map(str, words)).encode()).digest()
    return int.from_bytes(mixed[:8], "big") >> 1
