"""Late in training: specs, packs, metrics, theory and claims of three papers.

The scripts import this package, and so does the Snakefile; it knows nothing of either. The document
docs/house.md shows its rooms.
"""
