"""docs/policy.md against the models: every key, every example."""

import re
from pathlib import Path

import pytest

from bot.model.policy import Approvals, AuditRules, BreakGlass, Budgets, People, Policy, Rule
from bot.model.policy_check import warnings
from bot.model.policy_file import parse_policy
from bot.model.policy_keys import nearest

DOCUMENT = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)
TABLES = {
    "[approvals]": Approvals,
    "[[rules]]": Rule,
    "[budgets]": Budgets,
    "[people]": People,
    "[break_glass]": BreakGlass,
    "[audit]": AuditRules,
}


def rows(heading: str) -> dict[str, str]:
    """The rows of the table of keys in the section under this heading, by key."""
    section = DOCUMENT.split(f"\n## `{heading}`\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_has_its_row_and_no_row_is_invented(heading: str) -> None:
    assert list(rows(heading)) == list(TABLES[heading].model_fields)


def test_every_table_has_its_section() -> None:
    assert [heading.strip("[]") for heading in TABLES] == list(Policy.model_fields)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_valid_and_gives_no_warning(example: str) -> None:
    assert warnings(parse_policy(example.encode(), "policy.md")) == ()


def test_there_are_examples_and_together_they_use_every_key() -> None:
    written = set(re.findall(r"^(\w+) =", "\n".join(EXAMPLES), re.MULTILINE))
    known = {key for table in TABLES.values() for key in table.model_fields}
    assert known - written == {"allow_self_approval", "guests", "other_workspaces"}


def test_a_mistyped_key_of_the_document_is_put_right() -> None:
    for table in TABLES.values():
        for key in table.model_fields:
            assert f'"{key}"' in nearest(key[:-1] + "_", table.model_fields)
