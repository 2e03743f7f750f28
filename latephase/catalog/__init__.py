"""What there is to make, read from YAML and checked whole before anything runs; no torch."""
