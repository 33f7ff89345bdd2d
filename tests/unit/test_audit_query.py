"""The question to the log: every filter, and an answer to every word that is none."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.audit_query import AuditQuery, Begins, Contains, Costs, During, Is, Key, Match, Term
from bot.model.audit_query_reader import LONGEST, parse_audit_query
from bot.model.errors import NotUnderstood

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def term(key: Key, *matches: Match, negated: bool = False) -> Term:
    return Term(key, matches, negated)


def people(name: str) -> tuple[str, ...]:
    return {"ann": ("U0ANA",), "Ann Lee": ("U0ANA", "U0OTHER")}.get(name, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("actor:<@U0ANA|ana>", term(Key.ACTOR, Is("U0ANA"))),
        ("actor:<@U0ANA|Ana of Sales>", term(Key.ACTOR, Is("U0ANA"))),
        ("actor:@U0ANA", term(Key.ACTOR, Is("U0ANA"))),
        ("actor:@ann", term(Key.ACTOR, Is("U0ANA"))),
        ('actor:"Ann Lee"', term(Key.ACTOR, Is("U0ANA"), Is("U0OTHER"))),
        ("ACTOR:Worker", term(Key.ACTOR, Is("worker"))),
        ("-actor:system", term(Key.ACTOR, Is("system"), negated=True)),
        ("action:purchase.*", term(Key.ACTION, Begins("purchase."))),
        ("action:Purchase.Bought", term(Key.ACTION, Is("purchase.bought"))),
        ("outcome:denied,failure", term(Key.OUTCOME, Is("denied"), Is("failure"))),
        ("outcome:denied outcome:failure", term(Key.OUTCOME, Is("denied"), Is("failure"))),
        ("outcome:denied,denied", term(Key.OUTCOME, Is("denied"))),
        ("number:+1415*", term(Key.NUMBER, Begins("1415"))),
        ("number:+1-415-555-0100", term(Key.NUMBER, Is("14155550100"))),
        ("country:us", term(Key.COUNTRY, Is("US"))),
        ("country:Germany", term(Key.COUNTRY, Is("DE"))),
        ("request:r7k3m9", term(Key.REQUEST, Is("R7K3M9"))),
        ("cost:>5", term(Key.COST, Costs(Decimal("5.0001")))),
        ("cost:>=5", term(Key.COST, Costs(Decimal(5)))),
        ("cost:<5", term(Key.COST, Costs(None, Decimal("4.9999")))),
        ("cost:<=$5.50", term(Key.COST, Costs(None, Decimal("5.50")))),
        ("cost:5..10", term(Key.COST, Costs(Decimal(5), Decimal(10)))),
        ("cost:5..", term(Key.COST, Costs(Decimal(5)))),
        ("cost:5", term(Key.COST, Costs(Decimal(5), Decimal(5)))),
        ("since:7d", term(Key.SINCE, During(NOW - timedelta(days=7)))),
        ("since:2026-03-01", term(Key.SINCE, During(MARCH))),
        ("since:2026-03-01T00:00:00.000000Z", term(Key.SINCE, During(MARCH))),
        ('since:"2026-03-01 00:00"', term(Key.SINCE, During(MARCH))),
        ("since:2026-03-01T12:00+02:00", term(Key.SINCE, During(MARCH + timedelta(hours=10)))),
        (
            "created:2026-01-01..2026-02-01",
            term(Key.CREATED, During(JANUARY, datetime(2026, 2, 2, tzinfo=UTC) - TICK)),
        ),
        ("created:2026-01", term(Key.CREATED, During(JANUARY, datetime(2026, 2, 1, tzinfo=UTC) - TICK))),
        ("created:>2026-02-28", term(Key.CREATED, During(MARCH))),
        ("created:<2026-03-01", term(Key.CREATED, During(None, MARCH - TICK))),
        ("created:<=2026-02-28", term(Key.CREATED, During(None, MARCH - TICK))),
        ("refund", term(Key.WORDS, Contains("refund"))),
        ('"free words"', term(Key.WORDS, Contains("free words"))),
        ("“free words”", term(Key.WORDS, Contains("free words"))),
        ('-"not: this"', term(Key.WORDS, Contains("not: this"), negated=True)),
        (["100%_';", "DROP"][0], term(Key.WORDS, Contains("100%_';"))),
    ],
)
def test_every_filter_is_read(text: str, expected: Term) -> None:
    assert parse_audit_query(text, NOW, people) == AuditQuery((expected,))


def test_nothing_asks_for_all() -> None:
    assert parse_audit_query(" \u00a0 ", NOW) == AuditQuery()


def test_what_narrows_is_not_an_alternative() -> None:
    query = parse_audit_query("cost:>=5 cost:<=10 a b since:7d created:2026-03", NOW)
    assert [one.key for one in query.terms] == ["cost", "cost", "words", "words", "since", "created"]


def test_a_key_and_its_negation_are_two_terms() -> None:
    query = parse_audit_query("action:purchase.* -action:purchase.refused", NOW)
    assert [(one.key, one.negated) for one in query.terms] == [("action", False), ("action", True)]


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("acton:purchase.*", "action:purchase.*"),
        ("action:purchase.bougt", "action:purchase.bought"),
        ("outcome:denid", "outcome:denied"),
        ("outcome:denied,failur", "outcome:failure"),
        ("actor:nobody!", "actor:worker"),
        ("actor:sytem", "actor:system"),
        ("number:12x", "number:+1415*"),
        ("country:Germny", "country:DE"),
        ("cost:five", "cost:>5"),
        ("cost:1.00001", "cost:>5"),
        ("cost:10..5", "cost:5..10"),
        ("cost:..", "cost:5..10"),
        ("since:yesterday", "since:7d"),
        ("since:", "since:7d"),
        ("since:2027-01-01", "since:7d"),
        ("since:0001-01-01T00:00+14:00", "since:7d"),
        ("since:9999-12-31T23:59-12:00", "since:7d"),
        ("created:>9999-12-31", "since:7d"),
        ("created:2026-04-01..", "since:7d"),
        ("created:20260201", "since:7d"),
        ("created:2026-W05", "since:7d"),
        ("created:2026W051", "since:7d"),
        ("created:2026-W05-1..2026-02-10", "since:7d"),
        ("created:>2026-02-01T1200", "since:7d"),
        ("created:2026-02-01X12:00", "since:7d"),
        ("created:2026-02-01T12", "since:7d"),
        ("created:2026-02-01T12:00:00,5", "since:7d"),
        ("created:2026-02-01T12:00+0200", "since:7d"),
        ("created:2026-02-30", "since:7d"),
        ("since:20260201", "since:7d"),
        ("created:2026-02-01..2026-01-01", "created:2026-01-01..2026-02-01"),
        ("request:!", "request:R7K3M9QXZ2AB"),
        ("action:*", "action:purchase.*"),
        ("number:***", "number:+1415*"),
        ("*", '"support"'),
        ("-", '"support"'),
        ('""', '"support"'),
        ("zzz:1", "action:purchase.*"),
    ],
)
def test_what_is_not_understood_is_answered_with_the_nearest(text: str, nearest: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse_audit_query(text, NOW)
    assert [misread.nearest for misread in caught.value.misreads] == [nearest]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("since:7d  acton:x", 10),
        ("since:7d created:2026-W05", 9),
        ("created:2026-01..20260201", 0),
        ("a -outcom:denied", 2),
        ('since:7d "open', 9),
    ],
)
def test_an_error_says_where_it_is(text: str, at: int) -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse_audit_query(text, NOW)
    assert [misread.at for misread in caught.value.misreads] == [at]


def test_every_wrong_word_is_named_up_to_five() -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse_audit_query("a: b: c: d: e: f: g:", NOW)
    assert [misread.word for misread in caught.value.misreads] == ["a:", "b:", "c:", "d:", "e:"]


def test_ten_thousand_characters_are_refused() -> None:
    with pytest.raises(NotUnderstood, match="at most 500"):
        parse_audit_query("x" * 10_000, NOW)


_KEYS = ["actor", "action", "number", "outcome", "since", "request", "cost", "created", "country", "nope"]
_values = st.one_of(
    st.text(max_size=20),
    st.from_regex(r"\A(>|>=|<|<=)?\d{1,5}([.]\d{1,4})?([.][.]\d{1,5})?\Z"),
    st.from_regex(r"\A\d{1,4}[mhdwMHDW]\Z"),
    st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat),
    st.sampled_from(
        ["purchase.*", "denied", "worker", "'; DROP TABLE audit_event; --", "US", "R1A2B3", "+1415*"]
    ),
)
_words = st.one_of(
    st.text(max_size=30),
    st.builds("{}{}:{}".format, st.sampled_from(["", "-"]), st.sampled_from(_KEYS), _values),
    st.text(max_size=20).map('"{}"'.format),
)


def _read(text: str) -> AuditQuery | NotUnderstood:
    try:
        return parse_audit_query(text, NOW)
    except NotUnderstood as problem:
        return problem


@given(st.lists(_words, max_size=5).map(" ".join))
def test_any_text_is_a_query_that_can_be_printed_and_read_again_or_not_understood(text: str) -> None:
    read = _read(text)
    if isinstance(read, NotUnderstood):
        assert all(m.at is None or 0 <= m.at < len(text) for m in read.misreads)
    elif len(str(read)) <= LONGEST:
        assert parse_audit_query(str(read), NOW) == read
