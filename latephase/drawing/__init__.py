"""The look: colours, axes and marks of figures, what things are called, HTML pages."""
