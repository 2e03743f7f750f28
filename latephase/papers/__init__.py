"""What the papers say, as functions, a folder each.

``claims.py`` has statistics of a study's data, ``theory.py`` what can be said of a training without
training it: closed forms and recursions, arrays in and arrays out, in float64. ``predictions.py``
applies the theory to a study's runs. Nothing here knows files or torch.
"""
