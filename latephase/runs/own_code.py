"""Report errors of the user's own code in one line that names the line of code."""

import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from latephase.errors import UserError
from latephase.runs.code_digest import ROOT, told


@contextmanager
def lines_of(modules: Sequence[str]) -> Iterator[None]:
    """Raise a UserError for errors that are raised in these modules or in code that they call.

    Other errors pass, because they are not the user's.
    """
    with lines_of_files(ROOT.joinpath(*module.split(".")).with_suffix(".py") for module in modules):
        yield


@contextmanager
def lines_of_files(files: Iterable[Path]) -> Iterator[None]:
    """The same for files of code in any place. Their paths are absolute."""
    own = {*files}
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        hers = [frame for frame in frames if Path(frame.filename) in own]
        if not hers:
            raise
        problem = " ".join(str(error).split())[:200]
        kind = type(error).__name__
        where = f"{told(Path(hers[-1].filename))}: line {hers[-1].lineno}"
        line = f"{where} ({hers[-1].line}) raises {kind}{': ' * bool(problem)}{problem}"
        raise UserError(line) from error
