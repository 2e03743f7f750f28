"""Files that are whole or absent: atomic writes, checksums, parquet, checkpoints, locks."""
