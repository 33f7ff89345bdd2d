"""Commands, loaded once they are typed: who checks a policy file waits for no door and no database."""

from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


class Later(TyperGroup):
    """A group of commands; `holders` says where each is, in the order in which help lists them."""

    holders: ClassVar[Mapping[str, str | typer.Typer]]
    """Beside each name the group of that name, or the module whose `commands` hold it or are that group."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands(self.holders)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is Typer's
        """The names; Typer's own way would load every command."""
        return list(self.commands)


class _Commands(UserDict[str, Any]):
    def __getitem__(self, name: str) -> Any:
        holder = super().__getitem__(name)
        commands = import_module(holder).commands if isinstance(holder, str) else holder
        group = typer.main.get_group(commands)
        return group.commands.get(name, group)
