"""The tables. One schema for SQLite and PostgreSQL; migrations/ brings a database here."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from bot.model.money import from_units, to_units
from bot.model.purchase import LIVE, PurchaseStatus
from bot.model.request import RequestStatus
from bot.model.sweep import KNOWN, DifferenceState, Kind

# ruff: noqa: ARG002 - SQLAlchemy names the arguments of a TypeDecorator's methods

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime, at rest whole microseconds since 1970: the same on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + int(value) * _MICROSECOND


class Usd(TypeDecorator[Decimal]):
    """A Decimal in USD, at rest whole ten-thousandths of a dollar."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else to_units(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else from_units(int(value))


def _one_of(column: str, values: Iterable[StrEnum]) -> str:
    return f"{column} IN ({', '.join(sorted(repr(v.value) for v in values))})"


_json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


search = Table(
    "search",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("text", Text, nullable=False),  # canonical: it is parsed again for the next page
    Column("total", Integer, nullable=False),  # matches, as the provider counts them
    Column("looked", Integer, nullable=False),  # how many of them were looked at
    Column("next_offset", Integer),  # where the provider's next page starts; NULL at the end
    Column("at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)

offer = Table(
    "offer",
    metadata,
    Column("search_id", Text, ForeignKey("search.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("number", Text, nullable=False),
    Column("details", _json, nullable=False),  # the whole offer, as the provider showed it
)

request = Table(
    "request",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("origin_key", Text, nullable=False),  # a modal that is submitted twice is one request
    Column("requester", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("options", _json, nullable=False),
    Column("status", Text, nullable=False),
    Column("rule", Text),
    Column("policy_sha", Text),
    Column("approvals_needed", Integer, nullable=False),
    Column("approvals_given", Integer, nullable=False, server_default="0"),
    Column("round", Integer, nullable=False, server_default="1"),  # a dearer price starts a second one
    Column("created_at", Utc, nullable=False),
    Column("decided_at", Utc),
    Column("decided_by", Text),
    Column("on_behalf_of", Text),  # for whom the numbers are, if not for the requester
    Column("approval_channel", Text),  # where it is decided
    Column("break_glass", Boolean, nullable=False, server_default=false()),
    Column("repriced", Boolean, nullable=False, server_default=false()),  # the buy sent it back, once
    Column("reason_changed_at", Utc),
    Column("expires_at", Utc),
    Column("extended_by", Text),
    Column("reminders", Integer, nullable=False, server_default="0"),
    Column("escalated_at", Utc),
    UniqueConstraint("workspace", "origin_key"),
    CheckConstraint(_one_of("status", RequestStatus), name="status"),
    Index(None, "workspace", "requester", "created_at"),
    Index(None, "workspace", "on_behalf_of", "created_at"),
    Index(None, "workspace", "status", "created_at"),
)

decision = Table(
    "decision",
    metadata,
    Column("request_id", Text, ForeignKey("request.id"), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("approver", Text, primary_key=True),  # one person counts once
    Column("answer", Text, nullable=False),
    Column("comment", Text),
    Column("at", Utc, nullable=False),
    CheckConstraint("answer IN ('approve', 'deny')", name="answer"),
)

purchase = Table(
    "purchase",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request_id", Text, ForeignKey("request.id"), nullable=False, index=True),
    Column("workspace", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("setup", Usd, nullable=False),
    Column("monthly", Usd, nullable=False),
    Column("setup_before", Usd),
    Column("monthly_before", Usd),  # what was approved before the price rose
    Column("details", _json, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_before", Text),  # an UPDATE that may start from several states says from which it did
    Column("spender", Text, nullable=False),  # whose budget it is paid from
    Column("budget_month", Text, nullable=False),  # the month in which it was asked for: 2026-11
    Column("attempt", Text),  # the id of the one call; a late answer must name it
    Column("call_at", Utc),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("looks", Integer, nullable=False, server_default="0"),  # how often the provider was asked
    Column("note", Text),  # why it ended as it did, in the provider's words or ours
    Column("api_id", Text),
    Column("answer", Text),  # what the answer to the call was, where it was not clear
    Column("alias_note", Text),  # what became of naming the number
    Column("updated_at", Utc, nullable=False),
    CheckConstraint(_one_of("status", PurchaseStatus), name="status"),
    CheckConstraint("setup >= 0 AND monthly >= 0", name="price"),
    Index(
        "uq_purchase_live_number",
        "account",
        "number",
        unique=True,
        sqlite_where=text(_one_of("status", LIVE)),
        postgresql_where=text(_one_of("status", LIVE)),
    ),
)

card = Table(
    "card",
    metadata,
    Column("request_id", Text, ForeignKey("request.id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # request: where it was asked; approval: where it is decided
    Column("channel", Text, nullable=False),
    Column("ts", Text),  # Slack's id of the message; NULL if it could not be posted
    Column("problem", Text),  # why it cannot be drawn any more
    Column("permalink", Text),
)

budget = Table(
    "budget",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("month", Text, primary_key=True),  # calendar month, UTC: 2026-11
    Column("spender", Text, primary_key=True),  # a person, or "" for the whole workspace
    Column("reserved", Usd, nullable=False),  # asked for, and not decided or not bought yet
    Column("committed", Usd, nullable=False),  # bought
    CheckConstraint("reserved >= 0 AND committed >= 0", name="amounts"),
)

report = Table(
    "report",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("held", Integer, nullable=False),  # how many numbers the provider listed
    Column("channel", Text),
    Column("ts", Text),  # Slack's id of the message; NULL while it is not posted
    Column("problem", Text),  # why it cannot be posted or drawn
)

difference = Table(
    "difference",
    metadata,
    Column("id", Text, primary_key=True),
    Column("report_id", Text, ForeignKey("report.id"), nullable=False),
    Column("workspace", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("purchase_id", Text),  # our last purchase of that number
    Column("details", _json),  # what the provider said of it
    Column("state", Text, nullable=False),
    Column("found_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("ended_by", Text),
    Column("reason", Text),
    Column("request_id", Text),  # the request that an adoption made
    CheckConstraint(_one_of("kind", Kind), name="kind"),
    CheckConstraint(_one_of("state", DifferenceState), name="state"),
    Index(None, "report_id", "state"),
    Index(
        "uq_difference_known",
        "workspace",
        "account",
        "number",
        "kind",
        unique=True,
        sqlite_where=text(_one_of("state", KNOWN)),
        postgresql_where=text(_one_of("state", KNOWN)),
    ),
)

directory = Table(
    "directory",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),  # a person or a user group
    Column("at", Utc, nullable=False),
    Column("found", _json),  # NULL: Slack could not be asked, and nobody is let in
)

home = Table(
    "home",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("user", Text, primary_key=True),
    Column("opened_at", Utc, nullable=False),
    Column("published_at", Utc),
)

pace = Table(
    "pace",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("next_at", Utc, nullable=False),  # the slot of the next message that asks for one
    Column("quiet_until", Utc),  # before that nothing is posted there, whatever slot it has
)

job = Table(
    "job",
    metadata,
    Column("key", Text, primary_key=True),
    Column("due_at", Utc, nullable=False, index=True),
    Column("put_at", Utc),
    Column("args", _json, nullable=False),
    Column("gen", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lease", Text),
    Column("lease_until", Utc),
    Column("last_error", Text),
)

# --- the log: docs/adr/0012. Triggers of the migrations refuse what would change a line of it. ---

audit_event = Table(
    "audit_event",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
    Column("account", Text, nullable=False),
    Column("actor_type", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("on_behalf_of", Text),
    Column("action", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("request_id", Text, index=True),
    Column("purchase_id", Text),
    Column("number", Text),
    Column("country", Text),  # of the number: ISO 3166-1 alpha-2
    Column("cost", Usd),  # set-up fee plus first month, USD
    Column("reason_hash", Text),  # the reason itself stands in audit_text
    Column("changes", _json, nullable=False),  # what people wrote is a salted hash here as well
    Column("context", _json, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    CheckConstraint("outcome IN ('success', 'denied', 'failure', 'unknown')", name="outcome"),
    # A page is newest first: one value's events in the order of their numbers, and all in that of time.
    Index(None, "workspace", "actor", "seq"),
    Index(None, "workspace", "action", "seq"),
    Index(None, "workspace", "outcome", "seq"),
    Index(None, "workspace", "number", "seq"),
    Index(None, "workspace", "request_id", "seq"),
    Index(None, "workspace", "at", "seq"),
)

audit_text = Table(  # what people wrote, apart from the chain, so that it can be erased
    "audit_text",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("field", Text, primary_key=True),  # reason, or changes.from
    Column("salt", Text),  # NULL, like the text, once it is erased: a hash alone tells nothing
    Column("text", Text),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),  # of the newest event: a trigger moves it
    Column("archived_seq", BigInteger, nullable=False, server_default="0"),  # up to here rows may go
)

audit_stub = Table(  # what is left of events that were moved to an archive file; the chain goes on from it
    "audit_stub",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # of the last event that was moved
    Column("first_seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),  # of that last event
    Column("sha256", Text, nullable=False),  # of the archive file
    Column("signature", Text),  # Ed25519; NULL where there was no key
    Column("at", Utc, nullable=False),
)
