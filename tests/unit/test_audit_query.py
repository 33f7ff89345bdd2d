"""The question to the log: every filter, and an answer to every word that is none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.audit import Outcome
from bot.model.audit_query import AuditQuery, parse_audit_query
from bot.model.errors import NotUnderstood

_FAILED = Outcome.FAILURE
NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", AuditQuery()),
        ("actor:<@U0ANA|ana>", AuditQuery(actor="U0ANA")),
        ("actor:@U0ANA", AuditQuery(actor="U0ANA")),
        ("ACTOR:worker", AuditQuery(actor="worker")),
        ("action:purchase.*", AuditQuery(action="purchase.*")),
        ("action:Purchase.Bought", AuditQuery(action="purchase.bought")),
        ("number:+1415*", AuditQuery(number="1415*")),
        ("number:+1-415-555-0100", AuditQuery(number="14155550100")),
        ("outcome:denied", AuditQuery(outcome=Outcome.DENIED)),
        ("since:7d", AuditQuery(since=NOW - timedelta(days=7))),
        ("since:2026-03-01", AuditQuery(since=datetime(2026, 3, 1, tzinfo=UTC))),
        ("since:2026-03-01T12:00+02:00", AuditQuery(since=datetime(2026, 3, 1, 10, tzinfo=UTC))),
        ("request:r7k3m9", AuditQuery(request="R7K3M9")),
        (
            "outcome:failure\u00a0since:2h",
            AuditQuery(since=NOW - timedelta(hours=2), outcome=_FAILED),
        ),
    ],
)
def test_every_filter_is_read(text: str, query: AuditQuery) -> None:
    assert parse_audit_query(text, NOW) == query


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("acton:purchase.*", "action:purchase.*"),
        ("action:purchase.bougt", "action:purchase.bought"),
        ("outcome:denid", "outcome:denied"),
        ("actor:nobody!", "actor:worker"),
        ("number:12x", "number:+1415*"),
        ("since:yesterday", "since:7d"),
        ("since:", "since:7d"),
        ("since:0001-01-01T00:00+14:00", "since:7d"),
        ("since:9999-12-31T23:59-12:00", "since:7d"),
        ("request:!", "request:R7K3M9QXZ2AB"),
    ],
)
def test_what_is_not_understood_is_answered_with_the_nearest(text: str, nearest: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse_audit_query(text, NOW)
    assert [misread.nearest for misread in caught.value.misreads] == [nearest]


def test_a_filter_stands_once() -> None:
    with pytest.raises(NotUnderstood, match="stands twice"):
        parse_audit_query("since:7d since:1d", NOW)


def test_every_wrong_word_is_named_up_to_five() -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse_audit_query("a b c d e f g", NOW)
    assert [misread.word for misread in caught.value.misreads] == ["a", "b", "c", "d", "e"]


def test_a_very_long_query_is_refused() -> None:
    with pytest.raises(NotUnderstood, match="at most 500"):
        parse_audit_query("actor:worker " * 100, NOW)


_words = st.one_of(
    st.text(max_size=30),
    st.builds(
        "{}:{}".format,
        st.sampled_from(["actor", "action", "number", "outcome", "since", "request"]),
        st.one_of(
            st.text(max_size=20),
            st.from_regex(r"\A\d{1,4}[mhdwMHDW]\Z"),
            st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat),
        ),
    ),
)


@given(st.lists(_words, max_size=5).map(" ".join))
def test_any_text_is_a_query_or_not_understood(text: str) -> None:
    try:
        query = parse_audit_query(text, NOW)
    except NotUnderstood:
        return
    assert query.since is None or query.since.tzinfo is UTC
