"""What can be said of a training without training: closed forms and recursions, by paper.

Arrays in, arrays out, in float64; nothing here knows files, tables or torch.
"""
