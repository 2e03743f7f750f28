"""What the papers say, as functions, one folder for each paper.

``claims.py`` has statistics of a study's data. ``theory.py`` has what is known about a training
without training it: closed forms and recursions, arrays in and arrays out, in float64.
``predictions.py`` applies the theory to a study's runs. Nothing here knows files or torch.
"""
