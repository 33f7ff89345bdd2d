"""`python -m bot audit verify`, `prove`, `erase`, `key`: whether the log holds, and what goes out of it."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.model.audit import Action
from bot.model.audit_anchor import Checkpoint, read_anchors
from bot.model.audit_fault import Broken
from bot.model.audit_seal import make_key, public_key
from bot.model.errors import SettingsError
from bot.opened import opened
from bot.opening import make_seal
from bot.settings import Settings
from bot.usecases.attempt import attempt
from bot.usecases.erase import SHORTEST, Wish
from bot.usecases.erase import erase as erase_texts
from bot.usecases.prove import LONGEST_ID, NotAnchored, NotAsWritten
from bot.usecases.prove import prove as prove_event
from bot.usecases.verified import verified
from bot.usecases.verify import Proof, Sound, total
from bot.usecases.verify_file import verify_file

commands = typer.Typer()


@commands.command()
def key() -> None:
    """Make a pair of keys: the private one for AUDIT_SIGNING_KEY, the public one for everybody."""
    private, public = make_key()
    typer.echo(f"AUDIT_SIGNING_KEY={private}")
    typer.echo(f"public key: {public}")


@commands.command()
def verify(
    *,
    anchor: Annotated[Path | None, typer.Option(help="A file of checkpoints, one a line.")] = None,
    start: Annotated[
        int | None,
        typer.Option("--from", min=1, help="The first event to check."),
    ] = None,
    archives: Annotated[
        list[Path] | None, typer.Option("--archive", help="An archive; may stand several times.")
    ] = None,
    public: Annotated[
        list[str] | None,
        typer.Option("--key", help="A public key that may have signed; may stand several times."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="An export as JSON lines, in the place of the database.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the whole log, against itself and what was kept outside; exit 1 if it does not hold."""
    if start and archives:
        raise typer.BadParameter("archives are checked from their first event on.", param_hint="'--from'")
    if file is None:
        settings, database = opened()
        with attempt(database, settings.plivo_auth_id or "", Action.AUDIT_VERIFIED):
            anchors = _anchors(anchor) if anchor else ()
        keys = _keys(settings, public)
        proof = Proof(anchors=anchors, archives=archives or (), keys=keys, start=start)
        with _progress(total(database)) as tell:
            found = verified(database, settings.plivo_auth_id or "", proof, tell)
    elif start or archives:
        raise typer.BadParameter("a file is checked whole, and by itself.", param_hint="'--file'")
    else:
        found = _verify_file(file, _anchors(anchor) if anchor else (), public)
    _show_verified(found, as_json=as_json)
    raise typer.Exit(1 if any(isinstance(one, Broken) for one in found) else 0)


def _verify_file(
    file: Path, anchors: Sequence[Checkpoint], public: Sequence[str] | None
) -> list[Sound | Broken]:
    keys = [_public(key) for key in public or ()]
    size = file.stat().st_size if file.is_file() else 0
    with _progress(size) as tell:
        return verify_file(file, anchors, keys, tell)


@commands.command()
def prove(event_id: str) -> None:
    """Print a proof of one event that others can check with the public key (docs/audit.md)."""
    settings, database = opened()
    seal, changes = make_seal(settings), {"event": event_id[:LONGEST_ID]}
    with attempt(database, settings.plivo_auth_id or "", Action.AUDIT_PROVED, **changes):
        if seal is None:
            raise SettingsError("AUDIT_SIGNING_KEY is missing: `python -m bot audit key` makes one.")
    found = prove_event(database, settings.plivo_auth_id or "", event_id, seal.public)
    if isinstance(found, NotAsWritten):
        typer.echo(f"Event {found.seq} was changed: there is nothing to prove.", err=True)
        raise typer.Exit(1)
    if isinstance(found, NotAnchored):
        typer.echo("No signed checkpoint covers this event yet; there is one every hour.", err=True)
        raise typer.Exit(1)
    if not isinstance(found, dict):
        raise SettingsError(f"There is no event {event_id}: `python -m bot audit query --json` names them.")
    typer.echo(json.dumps(found, indent=2))


@commands.command()
def erase(
    user: Annotated[str, typer.Option(help="Slack's id of the person whose texts go.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the log.")],
    naming: Annotated[
        str | None, typer.Option(help="Words: whatever anybody wrote in which they stand goes as well.")
    ] = None,
    archives: Annotated[
        Path | None, typer.Option(help="The folder of archives; AUDIT_ARCHIVE_FOLDER if left out.")
    ] = None,
) -> None:
    """Take what a person wrote out of the log; the chain goes on holding."""
    if not reason.strip():
        raise typer.BadParameter("it is blank; say why.", param_hint="'--reason'")
    if naming is not None and len(naming.strip()) < SHORTEST:
        raise typer.BadParameter("fewer than three letters stand in everything.", param_hint="'--naming'")
    settings, database = opened()
    wish = Wish(
        user=user, reason=reason, naming=naming.strip() if naming else None,
        archives=archives or settings.audit_archive_folder,
    )  # fmt: skip
    erased = erase_texts(database, settings.plivo_auth_id or "", wish)
    for workspace, count in erased.items():
        typer.echo(f"{workspace}: {count} texts of {user} were erased.")
    if not erased:
        typer.echo(f"The log holds nothing that {user} wrote.")


def _anchors(path: Path) -> tuple[Checkpoint, ...]:
    try:
        found = read_anchors(path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{path} cannot be read: name the file that checkpoints were kept in.") from None
    for number in found.cut_off:
        says = "was cut off, and is no checkpoint any more; the others are read."
        typer.echo(f"Line {number} of {path} {says}", err=True)
    if not found.told:
        raise SettingsError(f"{path} holds no checkpoint: name the file that they were kept in.")
    return found.told


def _keys(settings: Settings, public: Sequence[str] | None) -> list[str]:
    """The keys of which one must have signed: those that were named, or our own; none if there is neither."""
    if public:
        return [_public(key) for key in public]
    seal = make_seal(settings)
    return [seal.public] if seal else []


def _public(key: str) -> str:
    try:
        return public_key(key)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="'--key'") from None


@contextmanager
def _progress(events: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; nothing where the output goes elsewhere."""
    columns = (TextColumn("Checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=events)
        yield lambda more: bar.advance(task, more)


def _show_verified(found: list[Sound | Broken], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([_plain(one) for one in found], indent=2))
        return
    for one in found:
        typer.echo(_line(one), err=isinstance(one, Broken))
    if not found:
        typer.echo("The log is empty.")


def _plain(one: Sound | Broken) -> dict[str, object]:
    names = [*one.__slots__]
    return {"sound": isinstance(one, Sound), **{name: getattr(one, name) for name in names}}


def _line(one: Sound | Broken) -> str:
    if isinstance(one, Broken):
        return f"{one.workspace}: WRONG at event {one.seq} ({one.fault}): {one.says}"
    parts = [f"{one.workspace}: events {one.first} to {one.last} hold together"]
    parts.append(f"{one.anchors} anchors met" if one.anchors else "no anchor was met: see docs/audit.md")
    if one.anchors_before:
        parts.append(f"{one.anchors_before} anchors lie before the first event that was checked")
    if one.archives:
        parts.append(f"{one.archives} archives checked")
    if one.apart:
        parts.append(f"{one.apart} of them without what people wrote: its file is not there")
    if one.erased:
        parts.append(f"{one.erased} texts were erased")
    return "; ".join(parts) + "."
