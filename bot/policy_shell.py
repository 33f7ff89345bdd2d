"""`python -m bot policy check`: what is wrong with a policy file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.model.errors import PolicyError, SettingsError
from bot.model.policy_check import warnings
from bot.model.policy_file import LoadedPolicy, read_policy
from bot.shell import print_json

commands = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@commands.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="The file; POLICY_FILE if left out.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Read a policy file and say what is wrong, or surely not meant."""
    path = policy_file(file)
    try:
        loaded = read_policy(path)
    except PolicyError as problem:
        if as_json:
            first, *others = _show_errors(path, problem)
            raise PolicyError(f"{first}; {len(others)} more in the list" if others else first) from None
        raise
    _show(loaded, warnings(loaded.policy), as_json=as_json)


def policy_file(file: Path | None) -> Path:
    """The file that was named, or POLICY_FILE. Raises SettingsError."""
    if file is not None:
        return file
    from bot.settings import load_settings  # noqa: PLC0415 - who names the file need not wait for them

    path = load_settings().policy_file
    if path is None:
        raise SettingsError("Name a policy file, or set POLICY_FILE.")
    return path


def _show(loaded: LoadedPolicy, warned: Sequence[str], *, as_json: bool) -> None:
    """What `policy check` found in a valid file."""
    count = len(loaded.policy.rules)
    if as_json:
        said = {"rules": count, "sha256": loaded.sha256, "warnings": warned}
        print_json({"file": loaded.path, "valid": True, **said, "errors": []})
        return
    typer.echo(f"{loaded.path}: valid, {count} rules (sha256 {loaded.sha256[:12]})")
    for text in warned:
        typer.echo(f"warning: {text}")


def _show_errors(path: Path, problem: PolicyError) -> list[str]:
    """The same of a file that is not valid, as JSON; returns its errors, `file: key: reason` each."""
    errors = str(problem).splitlines()
    unknown: dict[str, Any] = {"rules": None, "sha256": None, "warnings": []}
    print_json({"file": path, "valid": False, **unknown, "errors": errors})
    return errors
