"""The documents against the code: what they name is there, and what is there they name."""

import re
import shlex
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bot import metrics
from bot.__main__ import app
from bot.model.audit import Action, Outcome
from bot.model.audit_query import Key
from bot.model.audit_query_reader import parse_audit_query
from bot.model.audit_words import parse_audit_words
from bot.model.policy_check import warnings
from bot.model.policy_file import parse_policy
from bot.model.purchase import PurchaseStatus
from bot.model.search import parse_search
from bot.model.search_filters import EXAMPLES as FILTERS
from bot.settings import SECRETS, Settings
from handlers.commands import WORDS
from handlers.ui.help import TOPICS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
NOW = datetime(2026, 3, 4, tzinfo=UTC)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def spans(text: str) -> list[str]:
    """What stands between backticks, a blank for each line's end; fenced blocks are no such thing."""
    plain = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", plain)]


def code(text: str) -> list[str]:
    """The lines of fenced and of indented blocks."""
    fenced = re.findall(r"^ *```\w*\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    indented = re.findall(r"^ {4,}(.+)$", text, re.MULTILINE)
    return [line.strip() for line in ("\n".join(fenced).splitlines() + indented)]


def rows(name: str, heading: str) -> list[list[str]]:
    """The cells of the table rows in a section, without the two rows of its head."""
    section = read(name).split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in table]


# --- settings ---


def test_every_variable_has_its_row_with_its_default_and_no_row_is_invented() -> None:
    found = {row[0].strip("`"): row[1].strip("`") for row in rows("docs/operations.md", "Environment")[1:]}
    defaults = {
        name.upper(): "" if field.default is None else f"{field.default}"
        for name, field in Settings.model_fields.items()
    }
    assert found == defaults


def test_every_secret_that_may_be_a_file_is_named_and_no_other() -> None:
    text = read("docs/operations.md").split("What is secret may also stand in a file")[1].split("\n\n")[0]
    assert {word for word in spans(text) if word != "_FILE"} == SECRETS


def test_the_example_settings_name_every_variable_and_no_other() -> None:
    found = re.findall(r"^#?([A-Z_]+)=", read(".env.example"), re.MULTILINE)
    assert sorted(found) == sorted(name.upper() for name in Settings.model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_no_document_names_a_variable_that_does_not_exist(name: str) -> None:
    known = {field.upper() for field in Settings.model_fields}
    known |= {f"{secret}_FILE" for secret in SECRETS} | {"NAME_FILE", "DEMO_PORT", "_FILE"}
    found = (re.match(r"([A-Z]+_[A-Z_]+)(?:=|$)", span) for span in spans(read(name)))
    assert {match[1] for match in found if match} - known == set()


# --- commands of make and of the shell ---


@pytest.mark.parametrize("name", NAMES)
def test_every_target_of_make_in_a_document_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    assert {"demo", "test"} <= targets
    found = (re.match(r"make ([a-z-]+)", one) for one in (*spans(read(name)), *code(read(name))))
    assert {match[1] for match in found if match} <= targets


def commands_in(text: str) -> list[list[str]]:
    """The words behind each `python -m bot` in a text, without what a shell would take as a remark."""
    found = (re.fullmatch(r"(?:\S*/)?python -m bot (.+)", one) for one in (*spans(text), *code(text)))
    return [shlex.split(match[1], comments=True) for match in found if match]


def resolved(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words lead to, and the words that are left for it."""
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("name", NAMES)
def test_every_command_of_the_shell_in_a_document_exists_with_its_options(name: str) -> None:
    for words in commands_in(read(name)):
        command, rest = resolved(words)
        runs_alone = getattr(command, "invoke_without_command", False)
        assert not getattr(command, "commands", {}) or runs_alone, words
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, words


def test_the_commands_are_found_in_the_documents_at_all() -> None:
    found = [words[0] for name in NAMES for words in commands_in(read(name))]
    assert set(found) >= {
        "serve",
        "socket",
        "worker",
        "doctor",
        "manifest",
        "db",
        "policy",
        "audit",
        "purchases",
    }


# --- the slash command ---


def test_every_word_of_the_slash_command_is_documented_and_no_other() -> None:
    text = read("docs/slash-command.md")
    found = {match.split()[0] for match in re.findall(r"`/number ([^`]+)`", text)}
    assert found == set(WORDS) - {""}
    assert "`/number`" in text
    assert set(TOPICS) <= set(WORDS)


def test_every_filter_of_a_search_has_a_row_with_an_example_that_uses_it() -> None:
    table = [row for row in rows("docs/slash-command.md", "Searching") if row[0].endswith(":`")]
    assert [row[0].strip("`:") for row in table] == list(FILTERS)
    for name, _, example in table:
        asked = parse_search(example.strip("`"))
        assert getattr(asked, name.strip("`:").replace("-", "_")), example


@pytest.mark.parametrize("name", NAMES)
def test_every_search_in_a_document_is_understood(name: str) -> None:
    for example in re.findall(r"/number search ([^`\n…]+)", read(name)):
        parse_search(example.strip())
    for example in re.findall(r"`((?:US|DE) [^`]+)`", read(name)):
        parse_search(example)


def test_every_filter_of_the_log_has_a_row_with_an_example_that_uses_it() -> None:
    table = rows("docs/slash-command.md", "The log's filters")[1:]
    assert [row[0].strip("`:") for row in table] == [k for k in Key if k is not Key.WORDS]
    for name, _, example in table:
        (term,) = parse_audit_query(example.strip("`"), NOW).terms
        assert term.key == name.strip("`:"), example


def test_every_action_and_outcome_of_the_log_is_documented() -> None:
    section = read("docs/slash-command.md").split("## The log's filters")[1]
    words = set(spans(section))
    assert set(Action) <= words
    assert set(Outcome) <= words


@pytest.mark.parametrize("name", NAMES)
def test_every_query_of_the_log_in_a_document_is_understood(name: str) -> None:
    found = [words[2:] for words in commands_in(read(name)) if words[:2] == ["audit", "query"]]
    queries = [" ".join(w for w in words if not w.startswith("--")) for words in found]
    queries += re.findall(r"`/number audit ([^`…]+)`", read(name))
    for query in queries:
        # `stats` and `export` stand before a query of the same language
        parse_audit_query(parse_audit_words(query).query, NOW)


# --- what is said of purchases and of the policy ---


def test_every_state_of_a_purchase_is_explained() -> None:
    section = read("docs/reliability.md").split("## The states of a purchase")[1].split("\n## ")[0]
    found = set(re.findall(r"[a-z_]+", " ".join(spans(section))))
    assert set(PurchaseStatus) <= found


def test_every_metric_that_is_named_exists() -> None:
    source = Path(metrics.__file__).read_text(encoding="utf-8")
    there = set(re.findall(r'"(numberdesk_\w+)"', source))
    assert set(re.findall(r"`(numberdesk_\w+)", read("docs/operations.md"))) == there


def test_the_policy_of_the_readme_is_valid_has_fifteen_lines() -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```", read("README.md"), re.DOTALL | re.MULTILINE)
    policy = parse_policy(example.encode(), "README.md")
    assert len(example.strip().splitlines()) <= 15
    assert warnings(policy) == ()


# --- links, pictures, paths, records ---


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as the usual viewers make them."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", NAMES)
def test_every_relative_link_and_picture_leads_somewhere(name: str) -> None:
    text = read(name)
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text):
        path = (ROOT / name).parent / target if target else ROOT / name
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), (target, anchor)


def test_every_picture_is_used_and_is_a_picture() -> None:
    pictures = sorted((ROOT / "docs/images").glob("*"))
    assert {"search.png", "confirmation.png", "approval.png"} <= {picture.name for picture in pictures}
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG"), picture.name
        assert f"docs/images/{picture.name}" in read("README.md")


@pytest.mark.parametrize("name", NAMES)
def test_every_path_in_a_document_exists(name: str) -> None:
    parts = "bot|handlers|storage|sandbox|tests|docs|requirements"
    for path in re.findall(rf"`((?:{parts})/[\w./-]+|\.ci/run|manifest\.yml|Procfile)`", read(name)):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", NAMES)
def test_every_test_that_a_document_names_exists(name: str) -> None:
    for path, test in re.findall(r"`(tests/[\w./-]+\.py)::(\w+)`", read(name)):
        assert re.search(rf"^def {test}\(", read(path), re.MULTILINE), (path, test)


@pytest.mark.parametrize("record", sorted((ROOT / "docs/adr").glob("*.md")), ids=lambda path: path.stem)
def test_every_record_of_a_decision_is_short_and_has_its_three_parts(record: Path) -> None:
    lines = record.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith(f"# {int(record.name[:4])}. ")
    assert len(lines) <= 40
    assert [
        part for part in ("Context", "Decision", "Consequences") if f"**{part}.**" not in "\n".join(lines)
    ] == []


def test_the_records_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


# --- dependencies ---


def test_every_dependency_of_the_program_has_its_reason_beside_it() -> None:
    text = read("pyproject.toml")
    for dependency in tomllib.loads(text)["project"]["dependencies"]:
        assert re.search(rf'^ *"{re.escape(dependency)}", +# \w', text, re.MULTILINE), dependency


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_a_requirement_file_pins_by_hash_and_names_no_registry(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?:|://|index-url|find-links|trusted-host", text)
    pinned = re.findall(r"^[\w\[\],.-]+==\S+.*\\\n +--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^\w", text, re.MULTILINE)) > 10


def test_what_is_longer_in_the_soak_is_part_of_it() -> None:
    """`make soak` runs what is marked, wherever it stands, and nothing else."""
    told = re.search(r'-m "soak or grows" (.*)', read("Makefile"))
    assert told is not None
    marked = re.compile(r"^@pytest\.mark\.(soak|grows)$", re.MULTILINE)
    sought = {path for folder in told[1].split() for path in (ROOT / folder).glob("**/test_*.py")}
    every = {path: path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py")}
    assert {path for path, text in every.items() if marked.search(text)} <= sought
    longer = [
        path
        for path, text in every.items()
        if re.search(r"environ.get\(.SOAK.\)", text) and not marked.search(text)
    ]
    assert longer == []
