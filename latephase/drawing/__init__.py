"""The appearance of figures and pages: colours, axes, marks, the names of things, and HTML."""
