"""A user's texts with labels: .csv, .tsv or .parquet, and a vocabulary of their pieces.

The Snakefile calls :func:`entry_of` before anything runs. Libraries that turn texts into tokens are
imported when they are needed.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import itertools
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latephase.datasets import Places
from latephase.errors import UserError

if TYPE_CHECKING:
    import numpy as np

SCHEMA = {
    "required": ["variant", "shape", "classes", "train", "test", "text", "label"],
    "properties": {
        "variant": {"$ref": "#/$defs/variant"},
        # Tokens of a text, with those at its ends; what is longer is cut.
        "shape": {"$ref": "#/$defs/sequence_shape"},
        "classes": {"$ref": "#/$defs/classes"},
        "train": {"$ref": "#/$defs/size"},
        "test": {"$ref": "#/$defs/size"},
        # The column of the texts, or several, whose texts are joined by a blank.
        "text": {"$ref": "#/$defs/text_columns"},
        "label": {"type": "string", "minLength": 1},
        # Names of the classes in order. Without them labels are 0, 1, …
        "labels": {"$ref": "#/$defs/label_names"},
        # Names of all columns, where a .csv or .tsv has no first line with them.
        "columns": {"$ref": "#/$defs/column_names"},
        # A seed that orders the training texts, where they stand sorted by their labels.
        "shuffle": {"type": "integer", "minimum": 0},
        # Whether all pieces are kept, with their numbers, as weights that know them want it.
        "whole_vocabulary": {"type": "boolean"},
        # How many pieces are kept.
        "vocabulary": {"$ref": "#/$defs/size"},
    },
}
ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
LENGTH = 128
"""The number of tokens of a text, unless the user asks for another."""
PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
"""Tokens with a special meaning. The first two are 0 and 1 in the stored data."""
END = "<|endoftext|>"
"""The piece of a tokenizer.json as GPT-2 has it that fills up a shorter text."""
LARGEST = 4 << 30
"""The most bytes of a file, unpacked."""
LONGEST = 1 << 20
"""The most characters of a field."""
MOST_PIECES = 1_000_000
KEPT = ("columns", "shuffle", "whole_vocabulary")
"""Keys of the configuration that an entry has, too."""
AT_ONCE = 4096
"""How many texts are turned into tokens at a time."""


def entry_of(given: dict[str, Any]) -> dict[str, Any]:
    """What the entry of texts in catalog/datasets.yaml would be; every text and label is read.

    ``given`` is what the configuration says about them: train, test, vocabulary and labels and, if
    they are not the usual ones, text, label, columns, length, shuffle and whole_vocabulary. Raises
    UserError as :func:`examples` and :func:`pieces_of` do.
    """
    entry = bare_entry_of(given)
    pieces_of(given["vocabulary"])
    sizes = {}
    for split in ("train", "test"):
        if isinstance(given[split], int):
            continue
        sizes[split] = sum(1 for _ in examples(given[split], entry))
        if not sizes[split]:
            raise UserError(f"{given[split]}: holds no text; allowed: at least one")
    if isinstance(given["test"], int):
        if given["test"] >= sizes["train"]:
            line = f"{given['train']}: holds {sizes['train']} texts"
            raise UserError(
                f"{line}, of which {given['test']} are for the test set; allowed: fewer"
            )
        sizes = {"train": sizes["train"] - given["test"], "test": given["test"]}
    return entry | sizes


def bare_entry_of(given: dict[str, Any]) -> dict[str, Any]:
    """The same without the numbers of texts: no text is read."""
    labels, texts = given["labels"], given.get("text", "text")
    if given.get("label", "label") in ([texts] if isinstance(texts, str) else texts):
        raise UserError(
            f"texts: label is {given.get('label', 'label')}, which is among the columns of text; "
            "allowed: another column"
        )
    named = {} if isinstance(labels, int) else {"labels": labels}
    return {
        "kind": "text",
        "variant": "user",
        "shape": [given.get("length", LENGTH)],
        "classes": labels if isinstance(labels, int) else len(labels),
        "text": texts,
        "label": given.get("label", "label"),
        **named,
        **{key: given[key] for key in KEPT if key in given},
    }


def check_files(given: dict[str, Any], entry: dict[str, Any]) -> None:
    """Raise a UserError if a file of texts is missing or lacks a column. Only its first text
    is read.
    """
    pieces_of(given["vocabulary"])
    for split in ("train", "test"):
        if not isinstance(given[split], int):
            next(examples(given[split], entry), None)


def content(given: dict[str, Any]) -> str:
    """A digest of what the files hold, wherever they lie."""
    found = [
        _sha256(path) if isinstance(path := given[key], str) else str(path)
        for key in ("train", "test", "vocabulary")
    ]
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def _sha256(path: str | os.PathLike) -> str:
    with _reading(path), Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _reading(path: str | os.PathLike, row: itertools.count | None = None) -> Iterator[None]:
    """Turn an error about a file into a UserError."""
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; allowed: {', '.join(ENDINGS)}") from None
    except UnicodeEncodeError:
        raise UserError(f"{str(path)!a}: is not a path; allowed: {', '.join(ENDINGS)}") from None
    except UnicodeDecodeError as error:
        byte = f"0x{error.object[error.start]:02x}"
        raise UserError(f"{path}: holds the byte {byte}, which is not UTF-8 text") from None
    except csv.Error as error:
        raise UserError(f"{path}: not a readable table ({error})") from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        text = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read ({text})") from None


def _check_file(path: str | os.PathLike) -> None:
    """Raise a UserError for an impossible path, and for a folder or a pipe."""
    with _reading(path):
        Path(path).stat()
        if not Path(path).is_file():
            raise UserError(f"{path}: is not a file; allowed: {', '.join(ENDINGS)}, or a vocab.txt")


def examples(path: str | os.PathLike, entry: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Every text of a file with its class, in the order of the file.

    A .csv has fields as in RFC 4180. In a .tsv nothing is quoted, as in the files of GLUE. Both are
    UTF-8, and their first line names the columns unless the entry does. Raises UserError for a file
    that is missing or in another format, for a missing column, and for a label that is no class.
    """
    _check_file(path)
    columns = [entry["text"]] if isinstance(entry["text"], str) else entry["text"]
    classes = {name: i for i, name in enumerate(entry.get("labels", ()))}
    read = _parquet if str(path).endswith(".parquet") else _separated
    for row, (label, *texts) in enumerate(read(path, [entry["label"], *columns], entry), 1):
        where = f"{path}: row {row}: {entry['label']} is"
        if classes:
            if label not in classes:
                names = ", ".join(map(repr, entry["labels"][:8]))
                raise UserError(f"{where} {label[:60]!r}; allowed: {names}")
            yield " ".join(texts), classes[label]
        else:
            if not (re.fullmatch("[0-9]{1,9}", label) and int(label) < entry["classes"]):
                most = entry["classes"] - 1
                raise UserError(f"{where} {label[:60]!r}; allowed: 0 to {most}, or names in labels")
            yield " ".join(texts), int(label)


def _separated(
    path: str | os.PathLike, wanted: list[str], entry: dict[str, Any]
) -> Iterator[list[str]]:
    """The wanted columns of a .csv or .tsv, row by row."""
    name = str(path)
    if not name.endswith(ENDINGS):
        raise UserError(f"{path}: is not a file of texts; allowed: {', '.join(ENDINGS)}")
    packed = name.endswith(".gz")
    tabs = name.removesuffix(".gz").endswith(".tsv")
    form = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if tabs else {"strict": True}
    csv.field_size_limit(LONGEST)
    with _reading(path):
        opened = gzip.open if packed else open
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(_limited(file, path), **form)
            header = entry.get("columns") or next(rows, [])
            places = [_place(path, header, column) for column in wanted]
            for number, row in enumerate(rows, 1):
                if len(row) != len(header):
                    raise UserError(
                        f"{path}: row {number} has {len(row)} fields; allowed: {len(header)}, one "
                        f"for each of the columns {_listed(header)}"
                    )
                yield [row[place] for place in places]


def _limited(lines: Iterable[str], path: str | os.PathLike) -> Iterator[str]:
    """The lines of a file, as long as it does not unpack to more than is allowed."""
    size = 0
    for line in lines:
        size += len(line)
        if size > LARGEST:
            raise UserError(
                f"{path}: holds more than {LARGEST} characters; allowed: at most as many"
            )
        yield line


def _place(path: str | os.PathLike, header: list[str], column: str) -> int:
    if column not in header:
        raise UserError(f"{path}: no column {column}; it has {_listed(header)}")
    if (count := header.count(column)) > 1:
        raise UserError(f"{path}: has {count} columns {column}; allowed: one")
    return header.index(column)


def _listed(names: list[str]) -> str:
    more = ", …" * (len(names) > 8)
    return ", ".join(ascii(name[:40])[1:-1] for name in names[:8]) + more or "none"


def _parquet(
    path: str | os.PathLike, wanted: list[str], entry: dict[str, Any]
) -> Iterator[list[str]]:
    """The wanted columns of a .parquet, row by row."""
    import pyarrow
    import pyarrow.parquet

    with _reading(path):
        try:
            with pyarrow.parquet.ParquetFile(path) as file:
                for column in wanted:
                    _place(path, file.schema_arrow.names, column)
                yield from _rows(path, file.iter_batches(AT_ONCE, columns=wanted), wanted)
        except pyarrow.ArrowException as error:
            text = " ".join(str(error).split())[:200]
            raise UserError(f"{path}: not a readable .parquet file ({text})") from None


def _rows(
    path: str | os.PathLike, batches: Iterable[Any], wanted: list[str]
) -> Iterator[list[str]]:
    """The values of a .parquet as texts, row by row."""
    number = 0
    for batch in batches:
        for row in zip(*(batch[column].to_pylist() for column in wanted), strict=True):
            number += 1
            for column, value in zip(wanted, row, strict=True):
                if not isinstance(value, str | int) or isinstance(value, bool):
                    raise UserError(
                        f"{path}: row {number}: {column} is {str(value)[:60]!r}; allowed: text, "
                        "or a whole number for a label"
                    )
            yield [str(value) for value in row]


def pieces_of(path: str | os.PathLike) -> dict[str, int]:
    """The pieces of a vocabulary with their numbers: of a vocab.txt, word pieces, one a line; of a
    tokenizer.json, byte pairs. Raises UserError."""
    _check_file(path)
    if _is_json(path):
        return _byte_pairs_of(path)
    with _reading(path), Path(path).open(encoding="utf-8-sig", newline="\n") as file:
        found = [line.rstrip("\r\n") for line in itertools.islice(file, MOST_PIECES + 1)]
    if len(found) > MOST_PIECES:
        raise UserError(f"{path}: has more than {MOST_PIECES:,} lines; allowed: at most as many")
    numbers = {piece: i for i, piece in enumerate(found)}
    for piece in PIECES:
        if piece not in numbers:
            raise UserError(
                f"{path}: has no line {piece}; allowed: a vocab.txt as BERT has it, with "
                f"{', '.join(PIECES)}"
            )
    return numbers


def _is_json(path: str | os.PathLike) -> bool:
    return str(path).endswith(".json")


def _byte_pairs_of(path: str | os.PathLike) -> dict[str, int]:
    with _reading(path):
        told = json.loads(Path(path).read_text("utf-8"))
    try:
        numbers = told["model"]["vocab"] | {
            one["content"]: one["id"] for one in told["added_tokens"]
        }
        sound = all(isinstance(n, int) and 0 <= n < MOST_PIECES for n in numbers.values())
        known = told["model"]["type"] == "BPE" and END in numbers and sound
    except (KeyError, TypeError):
        known = False
    if not known:
        raise UserError(
            f"{path}: holds no byte pairs; allowed: a tokenizer.json of GPT-2's kind, with {END}"
        )
    return numbers


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray], dict]:
    """Tokens [N, T] as int32 and classes [N].

    A text is put in lower case and cut into word pieces as BERT's uncased models do, between [CLS]
    and [SEP]. Of a text longer than T the first T tokens are kept, so [SEP] may be lost. Then the
    vocabulary is reduced to the tokens of all training texts: [PAD] is 0, [UNK] is 1, and the
    others follow in the order of the vocab.txt. A token that only test texts have becomes [UNK].

    With ``whole_vocabulary`` all pieces are kept, with the numbers that they have in the vocab.txt.
    The same holds for a tokenizer.json, with which a text is cut into byte pairs as GPT-2 does it:
    it is not put in lower case, nothing is put before or after it, and <|endoftext|> fills up a
    shorter one.
    """
    import numpy as np

    given = places.texts
    if given is None:
        raise UserError(f"data set {name}: kind text needs files; give them with --texts")
    for key in ("train", "test", "vocabulary", *([] if "shape" in entry else ["labels"])):
        if key not in given:
            raise UserError(f"data set {name}: {key} is missing from its texts; it must be given")
    if "shape" not in entry:
        entry = bare_entry_of(given) | entry
    pieces = pieces_of(given["vocabulary"])
    length, encode = entry["shape"][0], _encoder(given["vocabulary"], pieces)
    byte_pairs = _is_json(given["vocabulary"])
    before, padding, behind = _frame(pieces, byte_pairs)
    found, cut = {}, {}
    for split in ("train", "test"):
        if isinstance(given[split], str):
            found[split], cut[split] = _tokens(
                examples(given[split], entry), encode, length, before, padding, behind
            )
    if "shuffle" in entry:
        order = np.random.RandomState(entry["shuffle"]).permutation(len(found["train"][1]))
        found["train"] = tuple(array[order] for array in found["train"])
    if isinstance(given["test"], int):
        tokens, labels = found["train"]
        at = len(labels) - given["test"]
        if at < 1:
            line = f"{given['train']}: holds {len(labels)} texts"
            raise UserError(
                f"{line}, of which {given['test']} are for the test set; allowed: fewer"
            )
        found = {"train": (tokens[:at], labels[:at]), "test": (tokens[at:], labels[at:])}
    for split, (_, labels) in found.items():
        there = set(labels.tolist())
        if missing := sorted({*range(entry["classes"])} - there):
            raise UserError(
                f"data set {name}: no text to {split} is of class "
                f"{', '.join(map(str, missing[:5]))}; allowed: texts of all {entry['classes']} "
                "classes (use shuffle if the file is sorted by its labels)"
            )
    if byte_pairs or entry.get("whole_vocabulary"):
        numbers = np.arange(max(pieces.values()) + 1, dtype=np.int32)
    else:
        numbers = _reduced(found["train"][0], pieces)
    arrays = {}
    for split, (tokens, labels) in found.items():
        arrays[f"{split}_inputs"], arrays[f"{split}_labels"] = numbers[tokens], labels
    words = arrays["test_inputs"] != numbers[padding]
    unknown = words & (arrays["test_inputs"] == (-1 if byte_pairs else numbers[pieces["[UNK]"]]))
    facts = {
        "variant": entry["variant"],
        "source": "texts as byte pairs" if byte_pairs else "texts as word pieces, in lower case",
        "sha256": {
            key: _sha256(path)
            for key in ("train", "test", "vocabulary")
            if isinstance(path := given[key], str)
        },
        "classes": entry["classes"],
        "shape": [length],
        "inputs": "integers",
        "vocabulary": int(numbers.max()) + 1,
        "padding": int(numbers[padding]),
        # What is lost: texts that were cut, and the share of test tokens that training lacks.
        "cut": cut,
        "unknown": round(float(unknown[words].mean()), 6),
    }
    return arrays, facts


def _reduced(tokens: np.ndarray, pieces: dict[str, int]) -> np.ndarray:
    """What the number of each piece becomes, where those of ``tokens`` alone are kept."""
    import numpy as np

    special = [pieces["[PAD]"], pieces["[UNK]"]]
    numbers = np.ones(max(pieces.values()) + 1, np.int32)
    numbers[special] = 0, 1
    kept = np.union1d(tokens, special)
    others = kept[~np.isin(kept, special)]
    numbers[others] = np.arange(2, 2 + len(others))
    return numbers


def _frame(pieces: dict[str, int], byte_pairs: bool) -> tuple[list[int], int, list[int]]:
    """What stands before a text, what fills it up, and what stands behind it."""
    if byte_pairs:
        return [], pieces[END], []
    return [pieces["[CLS]"]], pieces["[PAD]"], [pieces["[SEP]"]]


def _encoder(vocabulary: str | os.PathLike, pieces: dict[str, int]):
    """A function of texts that gives their pieces' numbers: as BERT's uncased models have them, or
    as a tokenizer.json says."""
    # Its threads are not the job's.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    if _is_json(vocabulary):
        try:
            tokenizer = Tokenizer.from_file(str(vocabulary))
        except Exception as error:  # the library has no other
            raise UserError(f"{vocabulary}: not a readable tokenizer.json ({error})") from None
        tokenizer.no_truncation()
        tokenizer.no_padding()
    else:
        tokenizer = Tokenizer(WordPiece(pieces, unk_token="[UNK]"))
        tokenizer.normalizer, tokenizer.pre_tokenizer = BertNormalizer(), BertPreTokenizer()
    return lambda texts: [
        encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    ]


def _tokens(
    of: Iterable[tuple[str, int]],
    encode,
    length: int,
    before: list[int],
    padding: int,
    behind: list[int],
) -> tuple[tuple[np.ndarray, np.ndarray], int]:
    """Tokens [N, length] and classes [N] of texts, and how many texts were cut."""
    import numpy as np

    blocks, labels, cut, of = [], [], 0, iter(of)
    while some := list(itertools.islice(of, AT_ONCE)):
        block = np.full((len(some), length), padding, np.int32)
        for row, ids in zip(block, encode([text for text, _ in some]), strict=True):
            whole = [*before, *ids, *behind]
            cut += len(whole) > length
            row[: len(whole)] = whole[:length]
        blocks.append(block)
        labels += [label for _, label in some]
    if not blocks:
        return (np.zeros((0, length), np.int32), np.zeros(0, np.int64)), 0
    return (np.concatenate(blocks), np.array(labels, np.int64)), cut
