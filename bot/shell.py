"""What the shell prints with: tables for people, JSON for programs."""

import json
from collections.abc import Iterable, Sequence

import typer

from bot.table import room, table


def print_json(value: object) -> None:
    """JSON for a program to read."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table as wide as the terminal; its last column is free text."""
    shown = [[safe(str(cell)) for cell in row] for row in rows]
    for line in table(titles, shown, room()):
        typer.echo(line)


def safe(text: str) -> str:
    """No terminal codes out of somebody's reason."""
    return "".join(c if c.isprintable() else " " for c in text)
