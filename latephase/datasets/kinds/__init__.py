"""The kinds of data sets, one module each. The name of a kind is the name of its module.

A module has

- ``SCHEMA``, a literal: the JSON schema of an entry of this kind in catalog/datasets.yaml, without
  the key ``kind``. It is read without importing the module
  (:mod:`latephase.datasets.catalog_schema`), and may refer to ``$defs`` of
  catalog/schemas/datasets.schema.yaml. Every kind requires variant, shape, classes, train and test.
  A shape of one number means that inputs are integers.
- ``read(name, entry, places)``. It returns the arrays train_inputs, train_labels, test_inputs and
  test_labels, and the facts for the header of the stored file
  (:func:`latephase.datasets.prepare.prepare`).
- ``entry_of(path)``, if the user brings the files: the entry of the user's own set.
"""

from pathlib import Path


def files() -> dict[str, Path]:
    """The file of each kind, by the kind's name, in alphabetical order."""
    found = [path for folder in __path__ for path in Path(folder).glob("[a-z]*.py")]
    return {path.stem: path for path in sorted(found, key=lambda path: path.stem)}
