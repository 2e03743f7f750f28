"""Late in training: specs, packs, metrics, theory and claims of three papers.

The scripts and the Snakefile import this package, and it imports neither. docs/house.md shows its
rooms.
"""
