"""What a run, a pack and a grid are; ids and digests; no torch."""
