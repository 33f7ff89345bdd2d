"""The manifest against Slack's published schema, and against what the schema does not catch."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.manifest import SCOPES, manifest

HERE = Path(__file__).parent
SCHEMA = json.loads((HERE / "data" / "manifest.schema.2.0.0.json").read_text(encoding="utf-8"))
URL = "https://desk.example.com"


@pytest.mark.parametrize("url", [None, URL])
def test_the_manifest_fits_slacks_schema(url: str | None) -> None:
    errors = jsonschema.Draft7Validator(SCHEMA).iter_errors(manifest(url))
    assert [error.message for error in errors] == []


def test_the_file_for_socket_mode_is_what_the_function_says() -> None:
    text = (HERE.parents[1] / "manifest.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text) == manifest(None)
    for scope, reason in SCOPES.items():
        assert any(line.split() == ["-", scope, "#", *reason.split()] for line in text.splitlines())


def addresses(value: Any) -> list[str]:
    """Every address anywhere in the manifest."""
    if isinstance(value, dict):
        return [found for part in value.values() for found in addresses(part)]
    if isinstance(value, list):
        return [found for part in value for found in addresses(part)]
    return [value] if isinstance(value, str) and "://" in value else []


def test_over_http_all_four_addresses_are_the_one_door() -> None:
    made = manifest(URL)
    events = f"{URL}/slack/events"
    assert addresses(made) == [events] * 4
    assert made["features"]["slash_commands"][0]["url"] == events
    assert made["settings"]["event_subscriptions"]["request_url"] == events
    assert made["settings"]["interactivity"]["request_url"] == events
    assert made["settings"]["interactivity"]["message_menu_options_url"] == events
    assert made["settings"]["socket_mode_enabled"] is False


def test_over_socket_mode_there_is_no_address() -> None:
    assert addresses(manifest(None)) == []
    assert manifest(None)["settings"]["socket_mode_enabled"] is True


@pytest.mark.parametrize("url", [URL + "/", URL + "/slack/events", URL + "/slack/events/"])
def test_an_address_with_something_behind_it_means_the_same(url: str) -> None:
    assert manifest(url) == manifest(URL)


def test_an_address_may_have_a_path_of_its_own() -> None:
    assert addresses(manifest(f"{URL}/desk"))[0] == f"{URL}/desk/slack/events"


@pytest.mark.parametrize(
    "url", ["http://desk.example.com", "desk.example.com", "", "https://", "https://h/?a=1", "https://[h"]
)
def test_an_address_slack_does_not_call_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"https|Invalid IPv6"):
        manifest(url)


def test_people_and_channels_in_a_command_arrive_as_ids() -> None:
    assert manifest(None)["features"]["slash_commands"][0]["should_escape"] is True
