"""A file that appears when it is whole, or not at all."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import TextIO


@contextmanager
def whole_file(path: Path | None) -> Iterator[TextIO]:
    """Where to write; renamed to `path` at the end of the block, removed by any error. None: stdout.

    A pipe or a device is written to as it is, and what a link leads to takes its place, not the link's.
    """
    if path is None:
        yield sys.stdout
        return
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="") as out:
            yield out
        return
    path = path.resolve()
    # beside its goal, for a rename must not cross file systems; mkstemp lets nobody else read it
    handle, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        Path(name).unlink()
        raise
    Path(name).replace(path)
