"""A million believable events, the same each time: a chain that `audit verify` takes for what it is.

`fill` puts them into a database; what they say follows from the seed alone.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from random import Random
from typing import Any, NamedTuple

from sqlalchemy import insert

from bot.model.audit import Action, Outcome
from bot.model.audit_chain import GENESIS, Line, digest, hash_of_text, to_microseconds
from storage import schema
from storage.audit import COLUMNS, INSERT_LINE, VERSION, at_rest
from storage.unit_of_work import Database, UnitOfWork

WORKSPACE = "T0DEMO"
START = datetime(2023, 1, 2, tzinfo=UTC)
AT_ONCE = 5000
PEOPLE = tuple(f"U0{index:04d}" for index in range(200))
COUNTRIES = {"US": "1415555", "CA": "1604555", "GB": "4420794", "DE": "4930901", "FR": "3317018"}
REASONS = ("For the new hotline", "Support in the evening", "The customer asked for a local line", "Für Köln")
STEPS = (Action.REQUEST_SUBMITTED, Action.REQUEST_APPROVAL, Action.REQUEST_APPROVED, Action.PURCHASE_STARTED)
LAST = (*(Action.PURCHASE_BOUGHT,) * 9, Action.PURCHASE_REFUSED, Action.REQUEST_DENIED)


class Made(NamedTuple):
    """An event, its hash, and what was written in it: salt and text."""

    line: Line
    hash: str
    reason: tuple[str, str] | None


def events(count: int, *, seed: int = 1, workspace: str = WORKSPACE) -> Iterator[Made]:
    """The first `count` events of a desk that 200 people use for years."""
    chance, previous = Random(seed), GENESIS  # noqa: S311 - it shall be the same each time
    at = to_microseconds(START)
    for seq, step in enumerate(islice(_steps(chance), count), 1):
        at += chance.randrange(1, 180_000_000)
        salt = f"{chance.getrandbits(128):032x}"
        text = step.pop("reason", None)
        line = Line(
            workspace=workspace, seq=seq, id=f"E{workspace}{seq:010d}", at=at, version=VERSION,
            account="MABENCH",
            reason_hash=hash_of_text(salt, text) if text else None, previous_hash=previous, **step,
        )  # fmt: skip
        previous = digest(line)
        yield Made(line, previous, (salt, text) if text else None)


def fill(database: Database, count: int, *, seed: int = 1, workspace: str = WORKSPACE) -> str:
    """Puts them into an empty log, in bulk; returns the last hash."""
    made, last = events(count, seed=seed, workspace=workspace), GENESIS
    with database.write() as work:  # the head first: its trigger then has one row to move, not each
        head = insert(schema.audit_head).values(workspace=workspace, seq=count, hash="not yet")
        work.execute(head)
    while some := list(islice(made, AT_ONCE)):
        last = some[-1].hash
        texts = [_text(one) for one in some if one.reason]
        with database.write() as work:
            _insert(work, some)
            if texts:
                work.connection.execute(insert(schema.audit_text), texts)
    return last


def _insert(work: UnitOfWork, some: list[Made]) -> None:
    rows = [at_rest(one.line, one.hash) for one in some]
    if work.connection.dialect.name != "postgresql":
        work.connection.exec_driver_sql(INSERT_LINE, rows)
        return
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    driver: Any = work.connection.connection
    with driver.cursor().copy(f"COPY audit_event ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _text(made: Made) -> dict[str, Any]:
    salt, text = made.reason or ("", "")
    key = {"workspace": made.line.workspace, "seq": made.line.seq, "field": "reason"}
    return key | {"salt": salt, "text": text}


def _steps(chance: Random) -> Iterator[dict[str, Any]]:
    """Searches and, after each fifth, a request from its form to its end."""
    number = 0
    while True:
        who = chance.choice(PEOPLE)
        country = chance.choice(tuple(COUNTRIES))
        yield _search(who, country, chance)
        if chance.random() < 0.2:
            number += 1
            yield from _request(number, who, country, chance)


def _search(who: str, country: str, chance: Random) -> dict[str, Any]:
    failed = chance.random() < 0.02
    changes = {"search": f"{country} local {chance.randrange(100, 999)}", "found": chance.randrange(500)}
    plain = _step(Action.SEARCH_PERFORMED, who, changes=changes)
    return (
        plain | {"outcome": Outcome.FAILURE.value, "reason": "The provider did not answer."}
        if failed
        else plain
    )


def _request(number: int, who: str, country: str, chance: Random) -> Iterator[dict[str, Any]]:
    boss, cost = chance.choice(PEOPLE[:10]), chance.choice((8_000, 13_000, 250_000))
    about: dict[str, Any] = {
        "request_id": f"R{number:012d}", "purchase_id": f"P{number:012d}", "country": country, "cost": cost,
        "number": f"{COUNTRIES[country]}{number % 10_000:04d}",
    }  # fmt: skip
    for action in (*STEPS, chance.choice(LAST)):
        by_desk = action.startswith("purchase.")
        actor = "worker" if by_desk else boss if action is not Action.REQUEST_SUBMITTED else who
        step = _step(action, actor, actor_type="system" if by_desk else "user") | about
        if action in (Action.REQUEST_SUBMITTED, Action.REQUEST_DENIED):
            step["reason"] = chance.choice(REASONS)
        yield step | {"on_behalf_of": None if actor == who else who}


def _step(action: Action, actor: str, **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("on_behalf_of", "request_id", "purchase_id", "number", "country", "cost"))
    plain = {"actor_type": "user", "actor": actor, "action": action.value, "outcome": Outcome.SUCCESS.value}
    return {**empty, **plain, "changes": {}, "context": {"door": "slack"}, **more}
