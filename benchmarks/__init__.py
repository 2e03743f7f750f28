"""Measure speed and memory, and compare them with other ways: ``python -m benchmarks.<name>``."""
