"""OCSF: every action of the log has what its class requires, and no name that the schema does not know."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.model.audit import Action, ActorType, Outcome
from bot.model.audit_chain import GENESIS, Line
from bot.model.audit_export import Taken
from bot.model.audit_ocsf import ocsf, ocsf_line

SCHEMA = json.loads((Path(__file__).parent / "data" / "ocsf.1.3.0.json").read_text())
AT = 1_770_000_000_123_456
TYPES: dict[str, tuple[type, ...]] = {
    "string_t": (str,), "username_t": (str,), "integer_t": (int,), "long_t": (int,), "timestamp_t": (int,),
}  # fmt: skip
OTHER = 99
"""What is none of an enumeration; its name is the source's own."""


def taken(action: Action, outcome: Outcome = Outcome.SUCCESS, **fields: Any) -> Taken:
    line = Line(
        workspace="T0ONE", seq=7, id="E7", at=AT, version=2, account="MA", actor_type=ActorType.USER.value,
        actor="U0BEA", on_behalf_of=None, action=action.value, outcome=outcome.value, request_id="R1",
        purchase_id="P1", number="14155550100", country="US", cost=8000, reason_hash="0" * 64, changes={},
        context={"door": "slack"}, previous_hash=GENESIS,
    )  # fmt: skip
    return Taken(line._replace(**fields), "f" * 64, {"reason": ("salt", "For <b>us</b>")})


def wrong(name: str, found: dict[str, Any], shape: dict[str, Any]) -> Iterator[str]:
    """What an object, and all in it, lacks, has too much, or has with another value than was published."""
    attributes, one_of = shape["attributes"], shape.get("at_least_one", [])
    for key, attribute in attributes.items():
        if attribute["requirement"] == "required" and key not in found:
            yield f"{name}.{key} is missing"
    if one_of and not any(found.get(key) for key in one_of):
        yield f"{name} has none of {one_of}"
    for key, value in found.items():
        if key not in attributes:
            yield f"{name}.{key} is unknown"
        else:
            yield from wrong_value(f"{name}.{key}", value, attributes[key], found)


def wrong_value(name: str, value: Any, attribute: dict[str, Any], beside: dict[str, Any]) -> Iterator[str]:
    if isinstance(value, list) != attribute.get("array", False):
        yield f"{name} is a list, or should be"
        return
    for one in value if isinstance(value, list) else [value]:
        if kind := attribute.get("object"):
            yield from wrong(name, one, SCHEMA["objects"][kind]) if kind != "object" else ()
        elif type(one) not in TYPES[attribute["type"]]:
            yield f"{name} is no {attribute['type']}"
        elif "enum" in attribute:
            yield from wrong_choice(name, one, attribute, beside)


def wrong_choice(name: str, value: int, attribute: dict[str, Any], beside: dict[str, Any]) -> Iterator[str]:
    """An enumeration's value, and its name in the attribute beside it."""
    caption, sibling = attribute["enum"].get(str(value)), attribute.get("sibling", "")
    if caption is None:
        yield f"{name} is {value}, which is not published"
    elif value != OTHER and sibling in beside and beside[sibling] != caption:
        yield f"{name} is {caption}, not {beside[sibling]}"


def all_wrong(found: dict[str, Any]) -> list[str]:
    return list(wrong("event", found, SCHEMA["classes"][str(found["class_uid"])]))


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("kind", ActorType)
def test_every_action_is_as_the_schema_was_published(
    action: Action, outcome: Outcome, kind: ActorType
) -> None:
    found = ocsf(taken(action, outcome, actor_type=kind.value), version="0.1.0")
    assert all_wrong(found) == []
    assert found["type_uid"] == found["class_uid"] * 100 + found["activity_id"]
    assert found["metadata"]["version"] == SCHEMA["version"]


def test_an_event_without_anything_but_its_actor_is_valid_as_well() -> None:
    bare = taken(Action.WORKER_STARTED, request_id=None, purchase_id=None, number=None, cost=None,
                 country=None, reason_hash=None, context={}, actor_type="system", actor="worker")  # fmt: skip
    found = ocsf(bare, version="0.1.0")
    assert all_wrong(found) == []
    assert (found["resources"], found["activity_name"]) == ([], "worker.started")


def test_the_schema_is_really_asked() -> None:
    found = ocsf(taken(Action.PURCHASE_BOUGHT), version="0.1.0")
    del found["api"], found["metadata"]["product"], found["actor"]["user"]["uid"]
    found |= {"invented": 1, "time": "now", "severity_id": 9, "status_id": 2, "resources": {}}
    found["actor"]["user"]["type_id"] = 4
    assert set(all_wrong(found)) == {
        "event.api is missing", "event.metadata.product is missing", "event.invented is unknown",
        "event.actor.user has none of ['account', 'name', 'uid']", "event.time is no timestamp_t",
        "event.severity_id is 9, which is not published", "event.status_id is Failure, not Success",
        "event.resources is a list, or should be", "event.actor.user.type_id is 4, which is not published",
    }  # fmt: skip


def test_a_purchase_reads_as_it_was() -> None:
    found = json.loads(ocsf_line(taken(Action.PURCHASE_REFUSED, Outcome.DENIED), version="0.1.0"))
    assert found["time"] == AT // 1000
    assert found["metadata"]["original_time"] == "2026-02-02T02:40:00.123456Z"
    assert (found["status"], found["status_code"]) == ("Failure", "denied")
    assert found["status_detail"] == "For <b>us</b>"
    assert {one["uid"] for one in found["resources"]} == {"R1", "P1", "+14155550100"}
    assert (found["unmapped"]["cost_usd"], found["unmapped"]["hash"]) == ("0.8000", "f" * 64)


def test_a_policy_that_changed_is_a_change_of_access() -> None:
    found = ocsf(taken(Action.POLICY_LOADED, changes={"from": "a", "to": "b"}), version="0.1.0")
    assert (found["class_uid"], found["activity_id"], found["policy"]["uid"]) == (3001, 7, "b")
    assert (found["user"]["type"], found["user"]["uid"]) == ("System", "T0ONE")
