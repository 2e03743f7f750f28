"""What there is to make, read from YAML and checked as a whole before anything runs; no torch."""
