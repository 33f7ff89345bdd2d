"""Wrong usage of the command line: exit 2, nothing on stdout, and one line on stderr that says what to do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bot.__main__ import app
from tests.unit.test_cli import Shell


def paths(command: Any, *before: str) -> Iterator[tuple[str, ...]]:
    """The words that lead to each command and each group of commands."""
    yield before
    for name, below in getattr(command, "commands", {}).items():
        yield from paths(below, *before, name)


def required(command: Any, *before: str) -> Iterator[tuple[str, ...]]:
    """The words that lead to each command that cannot do without further ones."""
    below = getattr(command, "commands", {})
    alone = getattr(command, "invoke_without_command", False)
    if any(parameter.required for parameter in command.params) or (below and not alone):
        yield before
    for name, one in below.items():
        yield from required(one, *before, name)


ROOT = typer.main.get_command(app)
ALL = tuple(paths(ROOT))
INCOMPLETE = tuple(required(ROOT))
SETTLE = ("purchases", "settle", "P7K3M9QXZ2AB")
EXPLAIN = ("policy", "explain", "--user", "U0RITA", "--country", "US")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "policy.toml").write_text("")
    return Shell(tmp_path, COLUMNS="40", POLICY_FILE="policy.toml")


def refused(shell: Shell, *words: str) -> str:
    """The one line with which these words are refused."""
    line = shell.refused(*words)
    assert line.startswith("numberdesk: ")
    return line


def test_every_command_is_looked_at() -> None:
    assert ("policy", "explain") in ALL
    assert len(ALL) > 12
    groups, reopen = {(), ("db",), ("policy",), ("audit",)}, ("purchases", "reopen")
    commands = {("policy", "explain"), ("audit", "prove"), ("audit", "erase"), SETTLE[:2], reopen}
    assert set(INCOMPLETE) == groups | commands


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_an_unknown_option_is_named_with_the_help_of_its_command(
    shell: Shell, words: tuple[str, ...]
) -> None:
    line = refused(shell, *words, "--colour")
    assert "No such option: --colour" in line
    assert line.endswith(f"See `{' '.join(('python -m bot', *words))} --help`.")


@pytest.mark.parametrize("words", INCOMPLETE, ids=" ".join)
def test_what_is_missing_is_named_with_the_help_of_its_command(shell: Shell, words: tuple[str, ...]) -> None:
    line = refused(shell, *words)
    assert "Missing " in line
    assert line.endswith(f"See `{' '.join(('python -m bot', *words))} --help`.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sell",), "The commands are version, serve, socket, worker, doctor"),
        (("purchase",), "Did you mean 'purchases'?"),
        (("policy", "chek"), "Did you mean 'check'? See `python -m bot policy --help`."),
        (("purchases", "--jsn"), "(Possible options: --json). See"),
        (("version", "now"), "unexpected extra argument(s) (now). See"),
        (("manifest", "--url"), "Option '--url' requires an argument. See `python -m bot manifest --help`."),
        (("audit", "query", "--limit", "x"), "Invalid value for '--limit'"),
        (("audit", "query", "--limit", "10001"), "less than or equal to 10000"),
        (("audit", "query", "--limit", "0"), "greater than or equal to 1"),
        ((*EXPLAIN, "--monthly", "cheap"), "Invalid value for '--monthly': 'cheap' is not an amount in USD."),
        ((*EXPLAIN, "--monthly", "1", "--setup", "-1"), "Invalid value for '--setup'"),
        ((*EXPLAIN, "--monthly", "1", "--type", "lokal"), "'lokal' is not one of 'local', 'tollfree'"),
        ((*EXPLAIN, "--monthly", "1", "--number", "abc"), "“abc” is no phone number. Try +1 415-555-0100."),
        ((*EXPLAIN, "--monthly", "1", "--country", "UK"), 'did you mean "GB"?'),
        ((*EXPLAIN, "--monthly", "1", "--country", "XX"), "is not a country's two letters"),
        ((*EXPLAIN, "--monthly", "1", "--user", ""), "Invalid value for '--user'"),
        ((*SETTLE, "sold", "--reason", "seen"), "'sold' is not one of 'bought', 'not-bought'."),
        ((*SETTLE, "bought", "--reason", " "), "Invalid value for '--reason': it is blank"),
        ((*SETTLE, "bought"), "Missing option '--reason'."),
        (
            ("audit", "query", "colour:red"),
            "The log has no filter “colour:red”; quote it to find it in a text.",
        ),
        (
            ("audit", "query", "acter:worker"),
            "quote it to find it in a text. Try actor:worker.",
        ),
        (
            ("audit", "query", "since:7d action:purchase.bougt"),
            "“purchase.bougt”. Try action:purchase.bought.",
        ),
        (("audit", "query", "a\x1b[1m", "since:"), "`since:` needs a value. Try since:7d."),
        (("purchases", "settle", "P1\nP2", "bought", "--reason", "seen"), "There is no purchase P1 P2;"),
        (("sell\nit\x1b[1m",), "No such command"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_words_are_answered_with_what_would_be_right(
    shell: Shell, words: tuple[str, ...], said: str
) -> None:
    line = refused(shell, *words)
    assert said in line
    assert "Value error" not in line


@pytest.mark.parametrize(
    "words",
    [(), ("sell\nit\x1b[1m",), ("doctor", "--colour"), SETTLE, ("audit", "query", "since:")],
    ids=" ".join,
)
def test_a_process_of_its_own_refuses_in_the_same_words(shell: Shell, words: tuple[str, ...]) -> None:
    done = shell.process(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == refused(shell, *words) + "\n"


def test_help_is_no_error_and_goes_to_stdout(shell: Shell) -> None:
    done = shell.process("purchases", "settle", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "python -m bot purchases settle" in done.stdout
