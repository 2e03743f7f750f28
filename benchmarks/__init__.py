"""Speed against what it replaces: programs run as ``python -m benchmarks.<name>``."""
