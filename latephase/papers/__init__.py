"""What the papers say, as functions, with one folder for each paper.

``claims.py`` has statistics of a study's data. ``theory.py`` has what can be known about a training
without running it: closed forms and recursions, from arrays to arrays, in float64.
``predictions.py`` applies the theory to a study's runs. Nothing here uses files or torch.
"""
