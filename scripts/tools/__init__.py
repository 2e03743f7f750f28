"""What developers and releases call."""
