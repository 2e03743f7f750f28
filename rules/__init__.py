"""The rules, and what they call while planning."""
