"""What is hashed: canonical JSON as RFC 8785 has it, and which fields an event may have."""

import hashlib
from dataclasses import replace
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from bot.model.audit import SYSTEM, Action, AuditEvent
from bot.model.audit_chain import (
    Line,
    canonical,
    digest,
    from_text,
    hash_of_record,
    hash_of_text,
    plain,
    record,
    to_line,
    to_text,
)
from bot.model.audit_fields import ALLOWED, UnknownField, check, texts, tidied
from bot.model.audit_seal import Seal, make_key, signed_by

SAFE = 2**53 - 1
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE, SAFE) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii"), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
LINE = Line(
    workspace="T0ONE", seq=7, id="E1", at=1_792_000_000_000_001, version=2, account="MA", actor_type="user",
    actor="U0BEA", on_behalf_of=None, action="search.performed", outcome="success", request_id=None,
    purchase_id=None, number="14155550100", country="US", cost=13_000, reason_hash=None,
    changes={"search": "für 日本"}, context={"door": "slack"}, previous_hash="0" * 64,
)  # fmt: skip
EVENT = AuditEvent(workspace="T0ONE", account="MA", actor=SYSTEM, action=Action.REQUEST_REASON_CHANGED)


@given(VALUES)
def test_the_quick_encoder_writes_what_rfc_8785_says(value: object) -> None:
    assert plain(value)
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [1.0, 2**53, -(2**53), {"ä": 1}, {1: 1}, [{"a": 0.5}], Decimal(1), {1}])
def test_what_could_be_written_in_several_ways_is_not_plain(value: object) -> None:
    assert not plain(value)


@given(st.integers(-30_610_224_000_000_000, 253_402_300_799_999_999))
def test_a_moment_is_read_back_as_it_was_written(at: int) -> None:
    assert from_text(to_text(at)) == at


def test_a_record_is_read_back_to_the_microsecond_and_the_hundredth_of_a_cent() -> None:
    assert to_line(record(LINE)) == LINE
    assert record(LINE)["at"] == "2026-10-14T17:46:40.000001Z"
    assert record(LINE)["cost"] == "1.3000"
    assert hash_of_record(record(LINE)) == digest(LINE)


@pytest.mark.parametrize("field", Line._fields)
def test_every_field_counts_for_the_hash(field: str) -> None:
    other: dict[str, object] = {"seq": 8, "at": 0, "version": 1, "cost": 1, "changes": {}, "context": {}}
    changed = LINE._replace(**{field: other.get(field, "other")})
    assert digest(changed) != digest(LINE)


@given(st.fixed_dictionaries({
    **dict.fromkeys(("workspace", "id", "account", "actor", "action"), TEXTS),
    **dict.fromkeys(("number", "country", "reason_hash", "on_behalf_of"), st.none() | TEXTS),
    "cost": st.none() | st.integers(0, SAFE), "seq": st.integers(1, SAFE),
    "changes": st.dictionaries(st.text("abc"), VALUES, max_size=3),
}))  # fmt: skip
def test_an_event_is_hashed_as_its_record_in_rfc_8785(fields: dict[str, object]) -> None:
    line = LINE._replace(**fields)
    assert digest(line) == hashlib.sha256(rfc8785.dumps(record(line))).hexdigest()


def test_the_same_text_hashes_differently_with_another_salt() -> None:
    assert hash_of_text("a", "why") != hash_of_text("b", "why")
    assert len(hash_of_text("a", "why")) == 64


def test_every_action_may_have_a_door_and_what_is_listed_and_nothing_else() -> None:
    for action, fields in ALLOWED.items():
        event = replace(EVENT, action=action, changes=dict.fromkeys(fields.changes, "x"))
        event = replace(event, context=dict.fromkeys(fields.context | {"door"}, "x"))
        check(event)
        assert tidied(event) == (event, ())
        assert fields.texts <= fields.changes
    for wrong in ({"context": {"trigger_id": "1"}}, {"changes": {"from": 1.5}}):
        with pytest.raises(UnknownField):
            check(replace(EVENT, **wrong))  # type: ignore[arg-type]
    tidy, left_out = tidied(
        replace(EVENT, changes={"from": "a", "token": "b"}, context={"response_url": "c"})
    )
    assert (tidy.changes, tidy.context) == ({"from": "a"}, {})
    assert left_out == ("changes.token", "context.response_url")


def test_no_action_allows_what_gives_access() -> None:
    names = {name for fields in ALLOWED.values() for name in fields.changes | fields.context}
    assert not names & {"token", "secret", "response_url", "trigger_id", "password", "authorization"}


def test_reasons_and_what_was_typed_are_texts_of_people() -> None:
    event = replace(EVENT, reason="for Ada", changes={"from": "for Bob"})
    assert dict(texts(event)) == {"reason": "for Ada", "changes.from": "for Bob"}
    assert dict(texts(replace(EVENT, action=Action.AUDIT_READ, changes={"query": "Ada"}))) == {
        "changes.query": "Ada"
    }
    assert dict(texts(replace(EVENT, action=Action.REQUEST_DENIED))) == {}


def test_a_signature_is_that_of_its_key_and_its_words() -> None:
    private, public = make_key()
    said = {"a": 1}
    signature = Seal(private).sign(said)
    assert Seal(private).public == public
    assert signed_by(public, signature, said)
    assert not signed_by(public, signature, {"a": 2})
    assert not signed_by(make_key()[1], signature, said)
    for wrong in ("", "x", "no base64!", "AAAA"):
        assert not signed_by(wrong, signature, said)
        assert not signed_by(public, wrong, said)
        with pytest.raises(ValueError, match="base64 of 32 bytes"):
            Seal(wrong)
