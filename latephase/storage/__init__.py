"""Files that are complete or absent: atomic writes, checksums, parquet, checkpoints, locks."""
