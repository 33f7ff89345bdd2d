"""Reading the policy file: every error has file, key and reason, and all are told at once."""

import hashlib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.errors import PolicyError
from bot.model.offer import NumberType
from bot.model.policy import Policy
from bot.model.policy_file import LoadedPolicy, parse_policy, read_policy

WHOLE = """\
[approvals]
channel = "C0APPROVE"              # where requests are posted
approvers = ["S0PROCURE", "U0ANA"] # user groups or users who may decide
notify = ["S0PROCURE"]
expires_after = "48h"
remind_after = "4h"
escalate_after = "24h"
escalate_to = ["U0CFO"]

[[rules]]
name = "everyday US local"
countries = ["US", "CA"]
types = ["local"]
max_monthly = "2.00"
requesters = ["S0SUPPORT"]
approvals = 0

[[rules]]
name = "expensive"
min_monthly = "20.00"
approvals = 2
confirm_by_typing = true

[[rules]]
name = "no premium countries"
countries = ["KP"]
deny = "We do not buy there."

[[rules]]
name = "everything else"
approvals = 1

[budgets]
workspace = "500.00"
per_user = "50.00"

[break_glass]
users = ["U0ONCALL"]
"""

TWO_LINES = '[[rules]]\nname = "a"\n'
APPROVED = '[approvals]\nchannel = "C0APPROVE"\napprovers = ["U0ANA"]\n'


def errors(content: str | bytes) -> list[str]:
    """The lines of the error, without the file that each begins with."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(content if isinstance(content, bytes) else content.encode(), "p.toml")
    lines = str(caught.value).split("\n")
    assert all(line.startswith("p.toml: ") for line in lines)
    return [line.removeprefix("p.toml: ") for line in lines]


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "policy.toml"
    path.write_bytes(content)
    return path


def test_a_whole_file_is_read_with_every_value_in_its_own_type(tmp_path: Path) -> None:
    policy = read_policy(written(tmp_path, WHOLE.encode())).policy
    assert policy.approvals.channel == "C0APPROVE"
    assert policy.approvals.approvers == ("S0PROCURE", "U0ANA")
    assert policy.approvals.allow_self_approval is False
    assert policy.approvals.expires_after == timedelta(hours=48)
    first, second, third, last = policy.rules
    assert (first.countries, first.types, first.approvals) == (("US", "CA"), (NumberType.LOCAL,), 0)
    assert (first.max_monthly, second.min_monthly) == (Decimal(2), Decimal(20))
    assert second.confirm_by_typing
    assert (third.deny, third.approvals) == ("We do not buy there.", None)
    assert last.requesters is None
    assert policy.budgets.per_user == Decimal(50)
    assert policy.break_glass is not None
    assert policy.break_glass.users == ("U0ONCALL",)


def test_the_hash_is_that_of_the_bytes_and_changes_with_a_comment(tmp_path: Path) -> None:
    content = WHOLE.encode()
    loaded = read_policy(written(tmp_path, content))
    assert loaded.sha256 == hashlib.sha256(content).hexdigest()
    again = read_policy(written(tmp_path, content + b"# reviewed\n"))
    assert again.policy == loaded.policy
    assert again.sha256 != loaded.sha256


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode()
    path = written(tmp_path, content)
    expected = LoadedPolicy(parse_policy(WHOLE.encode(), "-"), path, hashlib.sha256(content).hexdigest())
    assert read_policy(path) == expected


def test_an_empty_file_is_a_policy_without_rules() -> None:
    assert parse_policy(b"", "p.toml") == Policy()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    assert str(caught.value) == f"{path}: there is no such file"


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(tmp_path)
    assert str(caught.value) == f"{tmp_path}: cannot be read: Is a directory"


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("[[rules]]\nname = everything\n", "at line 2, column 8"),
        ("[approvals]\nchannel = \n", "at line 2"),
        ('[approvals]\nchannel = "C0A"\nchannel = "C0B"\n', "at line 3"),
        ('[[rules]]\nname = "a"\napprovers = [\n', "at line 4, the end"),
    ],
)
def test_broken_toml_is_told_with_its_line(content: str, where: str) -> None:
    (line,) = errors(content)
    assert line.startswith("is not valid TOML: ")
    assert where in line


def test_what_is_not_utf8_is_told_with_its_line() -> None:
    assert errors('[[rules]]\nname = "Büro"\n'.encode("latin-1")) == ["line 2: is not UTF-8 text"]


@pytest.mark.parametrize("content", [b"a = " + b"[" * 50_000, b"a = " + b"9" * 5_000])
def test_a_file_meant_to_break_the_reader_is_only_refused(content: bytes) -> None:
    (line,) = errors(content)
    assert line.startswith("is not valid TOML: ")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("budget = 1", 'budget: is not a key here; did you mean "budgets"?'),
        ('channel = "C0A"', "channel: is not a key here; it belongs under [approvals] or [[rules]]"),
        ("colour = 1", "colour: is not a key here"),
        ("[approvals]\nrules = []", "approvals.rules: is not a key here"),
        (
            '[approvals]\naprovers = ["U0ANA"]',
            'approvals.aprovers: is not a key here; did you mean "approvers"?',
        ),
        (
            "[approvals]\nmax_monthly = 1",
            "approvals.max_monthly: is not a key here; it belongs under [[rules]]",
        ),
        ('[budgets]\nper_usr = "1"', 'budgets.per_usr: is not a key here; did you mean "per_user"?'),
        (
            TWO_LINES + "approvals = 0\nmax_montly = 1",
            'rules[0].max_montly: is not a key here; did you mean "max_monthly"? (rule "a")',
        ),
        (
            TWO_LINES + "approvals = 0\ncanned_reasons = []",
            'rules[0].canned_reasons: is not a key here (rule "a")',
        ),
        (
            TWO_LINES + 'approvals = 0\nexpires_after = "4h"',
            'rules[0].expires_after: is not a key here; it belongs under [approvals] (rule "a")',
        ),
    ],
)
def test_an_unknown_key_is_told_the_nearest_or_its_place(content: str, line: str) -> None:
    assert errors(content) == [line]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("rules = 3", "rules: stands under a heading with two brackets for each rule: [[rules]]"),
        ('[rules]\nname = "a"', "rules: stands under a heading with two brackets for each rule: [[rules]]"),
        ("rules = [1]", "rules[0]: must be a table, with its keys below it"),
        ("approvals = 1", "approvals: must be a table, with its keys below it"),
        ("[break_glass]", "break_glass.users: is missing"),
        ('[break_glass]\nusers = "U0ANA"', 'break_glass.users: must be a list: ["…", "…"]'),
        ("[break_glass]\nusers = []", "break_glass.users: is empty: name at least one, or leave the key out"),
        (
            "[approvals]\napprovers = []",
            "approvals.approvers: is empty: name at least one, or leave the key out",
        ),
        (
            "[approvals]\nallow_self_approval = 1",
            "approvals.allow_self_approval: must be true or false, without quotes",
        ),
        ("[approvals]\nnotify = [7]", "approvals.notify[0]: must be text in quotes"),
        (
            '[approvals]\nescalate_to = ["U0CFO"]',
            "approvals.escalate_to: needs escalate_after, which says when",
        ),
        ("[[rules]]\napprovals = 0", "rules[0].name: is missing"),
        ('[[rules]]\nname = " "\napprovals = 0', 'rules[0].name: is empty (rule " ")'),
        (
            f'[[rules]]\nname = "{"a" * 81}"\ndeny = "n"',
            f'rules[0].name: is longer than 80 characters (rule "{"a" * 81}")',
        ),
        (TWO_LINES, 'rules[0].deny: is missing, and so is approvals: a rule needs one of the two (rule "a")'),
        (TWO_LINES + 'deny = ""', 'rules[0].deny: is empty (rule "a")'),
        (
            TWO_LINES + 'approvals = 0\ndeny = "no"',
            'rules[0].deny: excludes approvals: a rule has one of the two (rule "a")',
        ),
        (TWO_LINES + "approvals = -1", 'rules[0].approvals: must not be less than 0 (rule "a")'),
        (TWO_LINES + "approvals = 101", 'rules[0].approvals: must not be more than 100 (rule "a")'),
        (
            TWO_LINES + 'approvals = "1"',
            'rules[0].approvals: must be a whole number, without quotes (rule "a")',
        ),
        (
            TWO_LINES + "approvals = 1.0",
            'rules[0].approvals: must be a whole number, without quotes (rule "a")',
        ),
        (
            TWO_LINES + "approvals = true",
            'rules[0].approvals: must be a whole number, without quotes (rule "a")',
        ),
        (
            TWO_LINES + "approvals = 0\nmax_monthly = 2.0",
            'rules[0].max_monthly: 2.0 is not exact: write it in quotes, "2.00" (rule "a")',
        ),
        (
            TWO_LINES + 'approvals = 0\nmin_monthly = "3"\nmax_monthly = "2.5"',
            'rules[0].max_monthly: 2.5 is less than min_monthly, 3: no price can match (rule "a")',
        ),
        (
            TWO_LINES + 'approvals = 0\ncountries = ["US", "UK"]',
            (
                'rules[0].countries[1]: "UK" is not a country\'s two letters (ISO 3166-1); '
                'did you mean "GB"? (rule "a")'
            ),
        ),
    ],
)
def test_one_error_is_one_line_with_key_and_reason(content: str, line: str) -> None:
    assert errors(content) == [line]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (
            TWO_LINES + "approvals = 1",
            [
                "approvals.channel: is missing: a rule asks for approval, so it must be posted somewhere",
                "approvals.approvers: is missing: a rule asks for approval, so somebody must give it",
            ],
        ),
        (
            APPROVED.replace('["U0ANA"]', '["U0ANA", "U0ANA"]') + TWO_LINES + "approvals = 2",
            ["approvals.approvers: names 1, but a rule asks for 2 approvals"],
        ),
        (
            TWO_LINES + 'deny = "n"\n[[rules]]\nname = "A"\ndeny = "n"',
            ['rules[1].name: "A" is the name of rules[0] already (rule "A")'],
        ),
        (
            '[[rules]]\nname = "{x}"\ndeny = "n"\n' * 3,
            [f'rules[{i}].name: "{{x}}" is the name of rules[0] already (rule "{{x}}")' for i in (1, 2)],
        ),
    ],
)
def test_tables_that_do_not_fit_together_are_told_where(content: str, lines: list[str]) -> None:
    assert errors(content) == lines


@pytest.mark.parametrize(
    "content",
    [
        TWO_LINES + "approvals = 0",
        TWO_LINES + 'deny = "never"',
        APPROVED + TWO_LINES + "approvals = 1",
        APPROVED.replace("U0ANA", "S0GROUP") + TWO_LINES + "approvals = 100",
        TWO_LINES + 'approvals = 0\nmin_monthly = "2"\nmax_monthly = "2.00"',
        '[approvals]\nescalate_after = "1h"\nescalate_to = ["S0CHIEFS"]',
        "[approvals]\nallow_self_approval = true",
    ],
)
def test_what_fits_together_is_taken(content: str) -> None:
    assert isinstance(parse_policy(content.encode(), "p.toml"), Policy)


def test_all_errors_are_told_at_once_also_between_tables_of_which_others_are_wrong() -> None:
    content = (
        'budget = 1\n[approvals]\nchannel = "#buy"\n'
        '[[rules]]\nname = "x"\nmin_monthly = 1.5\ntypes = ["lokal"]\n'
        '[[rules]]\nname = "same"\ndeny = "n"\n[[rules]]\nname = "same"\ndeny = "n"\n'
        '[budgets]\nworkspace = "lots"\n'
    )
    assert [line.split(": ")[0] for line in errors(content)] == [
        "approvals.channel",
        "rules[0].types[0]",
        "rules[0].min_monthly",
        "rules[0].deny",
        "budgets.workspace",
        "budget",
        "rules[2].name",
    ]


def test_a_missing_approver_is_told_although_a_rule_is_wrong() -> None:
    keys = [
        line.split(": ")[0] for line in errors(TWO_LINES + 'approvals = 1\n[[rules]]\nname = ""\ndeny = "n"')
    ]
    assert keys == ["rules[1].name", "approvals.channel", "approvals.approvers"]


def test_an_error_stays_on_one_line_whatever_the_file_holds() -> None:
    (line,) = errors('[[rules]]\nname = "a\\nb"\napprovals = 0\nrequesters = ["@x\\r\\ny"]')
    assert line.startswith('rules[0].requesters[0]: "@x y" is not an id')
    assert line.endswith('(rule "a b")')


@given(st.binary(max_size=200))
def test_any_bytes_are_a_policy_or_a_policy_error(content: bytes) -> None:
    try:
        parse_policy(content, "p.toml")
    except PolicyError as error:
        assert str(error).startswith("p.toml: ")  # noqa: PT017 - either outcome is fine


VALUES = st.sampled_from(
    [
        '"US"',
        '"2.00"',
        "2.0",
        "3",
        "true",
        '["U0ANA"]',
        '["US"]',
        "[]",
        '""',
        '"48h"',
        "{}",
        "[[]]",
        "1979-05-27",
        "nan",
    ]
)


@given(st.data())
def test_a_file_with_any_lines_changed_is_a_policy_or_a_policy_error(data: st.DataObject) -> None:
    lines = WHOLE.splitlines()
    for at in data.draw(st.sets(st.integers(0, len(lines) - 1), max_size=6)):
        key = lines[at].split(" = ")[0]
        lines[at] = data.draw(
            st.sampled_from(["", lines[at] + lines[at - 1]]) | VALUES.map(f"{key} = {{}}".format)
        )
    try:
        parse_policy("\n".join(lines).encode(), "p.toml")
    except PolicyError as error:
        told = str(error).split("\n")
        assert all(line.startswith("p.toml: ") for line in told)
        assert len(told) == len(set(told))
