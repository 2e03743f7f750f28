"""Speed and memory, compared with other ways: programs run as ``python -m benchmarks.<name>``."""
