"""The kinds of data sets, one module each. The name of a kind is the name of its module.

A module has

- ``SCHEMA``, a literal: the JSON schema of a kind's entry in catalog/datasets.yaml, but for the key
  ``kind``. It is read without importing the module (:mod:`latephase.datasets.catalog_schema`), and
  may refer to ``$defs`` of catalog/schemas/datasets.schema.yaml. Every kind requires variant,
  shape, classes, train and test. A shape of one number says that inputs are integers.
- ``read(name, entry, places)``. It returns the arrays train_inputs, train_labels, test_inputs and
  test_labels, and the facts that the header of the stored file will state
  (:func:`latephase.datasets.prepare.prepare`).
- ``entry_of(path)``, if the user brings the files: what the entry of a user's own set would be.
"""

from pathlib import Path


def files() -> dict[str, Path]:
    """The file of each kind there is, by the kind's name, in the order of the names."""
    found = [path for folder in __path__ for path in Path(folder).glob("[a-z]*.py")]
    return {path.stem: path for path in sorted(found, key=lambda path: path.stem)}
