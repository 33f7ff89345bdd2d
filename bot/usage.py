"""Wrong usage of the command line, in one line that says what to do."""

from collections.abc import Sequence
from typing import Any

import typer

PROGRAM = "python -m bot"


def wrong_usage(app: typer.Typer, words: Sequence[str], problem: typer.TyperException) -> str:
    """What is wrong with the `words` behind the program's name, what is nearest, and where more stands."""
    path, commands = _command(app, words)
    said = problem.format_message().replace("Value error, ", "")  # pydantic's way to begin
    if said.startswith(("Missing command", "No such command")) and not said.endswith("?"):
        said += f" The commands are {', '.join(commands)}."
    end = "" if said.endswith((".", "?")) else "."
    return f"{one_line(said)}{end} See `{path} --help`."


def _command(app: typer.Typer, words: Sequence[str]) -> tuple[str, list[str]]:
    """The command that the words lead to, as it is typed, and the commands below it."""
    command: Any = typer.main.get_command(app)
    path = PROGRAM
    for word in words:
        below = getattr(command, "commands", {})
        if word in below:
            command, path = below[word], f"{path} {word}"
        elif not word.startswith("-"):
            break
    return path, list(getattr(command, "commands", {}))


def one_line(text: str) -> str:
    """The text without line breaks and terminal codes: what was typed is quoted, and may hold both."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
