"""Tables for a terminal of any width: free text folds, everything else stays whole, to be copied."""

import shutil
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

GAP = "  "
LEAST_TEXT = 20
"""Cells that free text gets at least; where it would be fewer, it moves to a line of its own."""
_PIPED = 100_000
"""Cells in a line that no terminal limits."""


def room() -> int:
    """Cells in a line: COLUMNS, else the terminal's, and as good as no limit where stdout is none."""
    return shutil.get_terminal_size((_PIPED, 0)).columns


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """The lines of a table whose last column is free text.

    Where a row is wider than `width` cells, its last columns go to further lines, indented.
    """
    rows = [titles, *rows]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    bands = tuple(_bands(widths, width))
    for row in rows:
        for band in bands:
            yield from _band(row, widths, band, width)


def _bands(widths: Sequence[int], width: int) -> Iterator[range]:
    """Which columns stand beside each other."""
    first, used = 0, 0
    for column, wanted in enumerate(widths):
        least = min(wanted, LEAST_TEXT) if column == len(widths) - 1 else wanted
        if column > first and used + least > width:
            yield range(first, column)
            first, used = column, len(GAP)
        used += wanted + len(GAP)
    yield range(first, len(widths))


def _band(row: Sequence[str], widths: Sequence[int], band: range, width: int) -> Iterator[str]:
    """The columns of a band; free text goes on below itself, and a line that holds nothing is left out."""
    text = len(widths) - 1
    indent = GAP if band.start else ""
    whole = indent + "".join(_padded(row[i], widths[i]) + GAP for i in band if i != text)
    folded = _folded(row[text], width - cell_len(whole)) if text in band else [""]
    for number, part in enumerate(folded):
        line = (whole if number == 0 else " " * cell_len(whole)) + part
        if line.strip():
            yield line.rstrip()


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def _folded(text: str, width: int) -> list[str]:
    lines = Text(text).wrap(Console(width=_PIPED), max(width, 1), overflow="fold")
    return [line.plain.rstrip() for line in lines] or [""]
