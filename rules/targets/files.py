"""The names of the files that jobs make in the folder of results, and of the repository's files."""

import os
from pathlib import Path


class Files:
    """Names of files, seen from the folder in which Snakemake runs."""

    def __init__(self, results: str, root: Path):
        self.results, self.root = results, root

    def here(self, file: str) -> str:
        """A file of the repository."""
        return os.path.relpath(self.root / file)

    def data(self, name: str) -> str:
        """A data set."""
        return f"{self.results}/data/{name}.safetensors"

    def pack(self, pack: str, file: str = "") -> str:
        """A file of a pack, or its folder."""
        return f"{self.results}/packs/{pack}/{file}".rstrip("/")

    def study(self, study: str, scale: str) -> str:
        """All data of a study."""
        return f"{self.results}/{scale}/studies/{study}.parquet"

    def margins(self, study: str, scale: str) -> str:
        """The margins of a study."""
        return f"{self.results}/{scale}/studies/{study}.margins.parquet"

    def explorer(self, study: str, scale: str) -> str:
        """The page in which a study's data can be explored."""
        return f"{self.results}/{scale}/explore/{study}.html"

    def figure(self, figure: str, scale: str) -> list[str]:
        """The files of a figure: PDF, PNG and numbers."""
        return [f"{self.results}/{scale}/figures/{figure}.{kind}" for kind in ("pdf", "png", "csv")]

    def table(self, table: str, scale: str) -> list[str]:
        """The files of a table: numbers and page."""
        return [f"{self.results}/{scale}/tables/{table}.{kind}" for kind in ("csv", "html")]
