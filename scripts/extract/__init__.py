"""Extractions: one program for each family of metrics, and one for metrics of your own."""
