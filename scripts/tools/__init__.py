"""Programs for developers and releases."""
