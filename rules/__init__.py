"""The rules, and the functions that they call while planning."""
