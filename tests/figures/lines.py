"""What is drawn on an axis."""


def lines_of(ax):
    """Lines with more than one point, by colour and dash: the curves, without the axvlines."""
    return [line for line in ax.lines if len(line.get_xdata()) > 2]
