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
LEAF = {"unmapped"}  # whatever has no place in the schema


def taken(action: Action, outcome: Outcome = Outcome.SUCCESS, **fields: Any) -> Taken:
    line = Line(
        workspace="T0ONE", seq=7, id="E7", at=AT, version=2, account="MA", actor_type=ActorType.USER.value,
        actor="U0BEA", on_behalf_of=None, action=action.value, outcome=outcome.value, request_id="R1",
        purchase_id="P1", number="14155550100", country="US", cost=8000, reason_hash="0" * 64, changes={},
        context={"door": "slack"}, previous_hash=GENESIS,
    )  # fmt: skip
    return Taken(line._replace(**fields), "f" * 64, {"reason": ("salt", "For <b>us</b>")})


def wrong(name: str, found: dict[str, Any], shape: dict[str, Any]) -> Iterator[str]:
    """What an object, and all in it, lacks or has too much."""
    one_of = shape.get("at_least_one", [])
    yield from (f"{name}.{key} is missing" for key in shape["required"] if key not in found)
    if one_of and not any(found.get(key) for key in one_of):
        yield f"{name} has none of {one_of}"
    for key, value in found.items():
        if key not in {*shape["required"], *one_of, *shape["other"]}:
            yield f"{name}.{key} is unknown"
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict) and key not in LEAF:
                yield from wrong(key, inner, SCHEMA["objects"][key])


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_action_has_the_published_attributes(action: Action, outcome: Outcome) -> None:
    found = ocsf(taken(action, outcome), version="0.1.0")
    shape = SCHEMA["classes"][str(found["class_uid"])]
    assert list(wrong("event", found, shape)) == []
    assert found["category_uid"] == shape["category_uid"]
    assert found["activity_id"] in shape["activities"]
    assert found["type_uid"] == found["class_uid"] * 100 + found["activity_id"]


def test_an_event_without_anything_but_its_actor_is_valid_as_well() -> None:
    bare = taken(Action.WORKER_STARTED, request_id=None, purchase_id=None, number=None, cost=None,
                 country=None, reason_hash=None, context={}, actor_type="system", actor="worker")  # fmt: skip
    found = ocsf(bare, version="0.1.0")
    assert list(wrong("event", found, SCHEMA["classes"]["6003"])) == []
    assert (found["resources"], found["activity_name"]) == ([], "worker.started")


def test_the_schema_is_really_asked() -> None:
    found = ocsf(taken(Action.PURCHASE_BOUGHT), version="0.1.0")
    del found["api"], found["metadata"]["product"]
    found["invented"] = 1
    assert set(wrong("event", found, SCHEMA["classes"]["6003"])) == {
        "event.api is missing", "metadata.product is missing", "event.invented is unknown",
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
    assert found["user"]["type"] == "Service"
