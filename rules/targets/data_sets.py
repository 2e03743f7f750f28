"""Params for the preparation of a data set. Wildcards: ``dataset``."""

import functools
import json
from typing import Any

from latephase.catalog import user_data
from latephase.catalog.entries import Catalog
from latephase.datasets.kinds import folder, npz, text
from latephase.runs import spec
from rules.targets.code import Code
from rules.targets.files import Files


class DataSets:
    """The data sets of a catalog, and the user's own."""

    def __init__(self, catalog: Catalog, files: Files, code: Code):
        self.catalog, self._files, self._code = catalog, files, code

    def kind(self, wildcards) -> str:
        """The kind of a data set."""
        return self.catalog.datasets[wildcards.dataset]["kind"]

    def threads(self, wildcards) -> int:
        """How many threads prepare a set. Only folders of images are read by several threads."""
        return 8 if self.kind(wildcards) == "folder" else 1

    def code(self, wildcards) -> str:
        """A digest of the program that prepares data, with the reader of the set's kind."""
        reader = f"latephase.datasets.kinds.{self.kind(wildcards)}"
        return self._code.digest("scripts.prepare_data", reader)

    def entry(self, wildcards) -> str:
        """The entry of a set, as JSON, without the places where its files can be found."""
        return spec.canonical(_without(self.catalog.datasets[wildcards.dataset], "urls"))

    def npz(self, wildcards) -> str:
        """The file of a set of kind npz: the user's, or one that comes with the catalog."""
        name = wildcards.dataset
        if self.kind(wildcards) != "npz":
            return ""
        own = self.catalog.config["npz"]
        return own.get(name, self._files.here(f"catalog/data/{name}.npz"))

    def folder(self, wildcards) -> str:
        """The user's folder with a set's images; empty for other sets. Raises UserError."""
        if self.kind(wildcards) != "folder":
            return ""
        return str(user_data.folder(self.catalog.config, wildcards.dataset))

    def texts(self, wildcards) -> str:
        """The user's files of texts, as JSON; empty for other sets. Raises UserError."""
        if self.kind(wildcards) != "text":
            return ""
        return spec.canonical(user_data.texts(self.catalog.config, wildcards.dataset))

    def content(self, wildcards) -> str:
        """A digest of the content of a user's file or folder, wherever it is; empty for other sets.

        Raises UserError if the file or folder cannot be read.
        """
        return self._content(self.npz(wildcards), self.folder(wildcards), self.texts(wildcards))

    @functools.cache  # noqa: B019 (one object for each workflow)
    def _content(self, file: str, images: str, texts: str) -> str:
        if file:
            return npz.content(file)
        if texts:
            return text.content(json.loads(texts))
        return folder.listing(images) if images else ""


def _without(value: Any, key: str) -> Any:
    """A value of JSON types without a key, at every level of the value."""
    if isinstance(value, dict):
        return {name: _without(inner, key) for name, inner in value.items() if name != key}
    return [_without(inner, key) for inner in value] if isinstance(value, list) else value
