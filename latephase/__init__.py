"""Late in training: specs, packs, metrics, theory and claims of three papers.

The scripts and the Snakefile import this package; it knows nothing of either. docs/house.md shows
its rooms.
"""
