"""The documents against the code: what they name is there."""

import re
from pathlib import Path

import pytest

from bot.__main__ import app
from bot.model.search import parse_search
from bot.settings import Settings
from handlers.commands import WORDS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("name", [field.upper() for field in Settings.model_fields])
def test_every_variable_is_documented(name: str) -> None:
    for file in ("docs/operations.md", ".env.example"):
        assert re.search(rf"\b{name}\b", (ROOT / file).read_text()), (name, file)


def test_every_word_of_the_slash_command_is_documented() -> None:
    text = (ROOT / "docs/slash-command.md").read_text()
    assert [word for word in WORDS if f"/number {word}".strip() not in text] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_and_command_exists(document: Path) -> None:
    text = document.read_text()
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) <= set(targets)
    commands = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    commands |= {group.name for group in app.registered_groups}
    assert set(re.findall(r"python -m bot ([a-z]+)", text)) <= commands


def test_every_search_in_the_documents_is_understood() -> None:
    text = (ROOT / "docs/slash-command.md").read_text()
    examples = re.findall(r"\| `((?:US|DE) [^`]+)` \|", text)
    assert len(examples) >= 10
    for example in examples:
        parse_search(example)


def test_every_dependency_has_its_reason_and_no_registry_is_named() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    block = project.split("dependencies = [")[1].split("\n]")[0]
    assert [line for line in block.splitlines() if line.strip().startswith('"') and "#" not in line] == []
    for file in ROOT.glob("requirements/*.txt"):
        assert not re.search(r"https?://|index-url", file.read_text())
