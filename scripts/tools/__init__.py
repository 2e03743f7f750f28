"""Programs for developers and for releases."""
