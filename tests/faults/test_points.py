"""The points of death are complete: no commit and no call of the program is without a name in `points.py`."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.points import CALLS, CALLS_ELSEWHERE, COMMITS, ELSEWHERE, PLAYS, deaths, plain
from tests.faults.scenes import SCENES
from tests.world import ROOT

PACKAGES = ("bot", "handlers")


def commits_in_the_code() -> list[str]:
    """`usecases.buy._intend` for each `with ….write()` that stands in that function."""
    return [
        name
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        for name in _commits(file, ".".join(file.relative_to(ROOT / package).with_suffix("").parts))
    ]


def _commits(file: Path, module: str) -> Iterator[str]:
    yield from _within(ast.parse(file.read_text()), module)


def _within(node: ast.AST, name: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield from _within(child, f"{name}.{child.name}")
        else:
            if isinstance(child, ast.With):
                yield from (name for item in child.items if _is_a_unit_of_work(item.context_expr))
            yield from _within(child, name)


def _is_a_unit_of_work(expression: ast.expr) -> bool:
    return (
        isinstance(expression, ast.Call)
        and isinstance(expression.func, ast.Attribute)
        and expression.func.attr == "write"
        and ast.unparse(expression.func.value).endswith("database")
    )


def test_every_commit_in_the_code_has_a_name_and_every_name_a_commit() -> None:
    assert set(commits_in_the_code()) == COMMITS.keys() | ELSEWHERE.keys()
    assert not COMMITS.keys() & ELSEWHERE.keys()


def test_a_function_commits_at_one_place_so_that_its_name_means_one_commit() -> None:
    assert [name for name, times in Counter(commits_in_the_code()).items() if times > 1] == []


def test_every_commit_and_every_call_on_the_way_is_died_at_in_a_scene() -> None:
    died_at = {plain(point).removeprefix("the commit of ") for _, point in deaths()}
    assert died_at == COMMITS.keys() | CALLS.keys()
    assert PLAYS.keys() == SCENES.keys()


@pytest.mark.parametrize("name", [*COMMITS, *CALLS, *ELSEWHERE, *CALLS_ELSEWHERE])
def test_readers_find_every_point(name: str) -> None:
    page = (ROOT / "docs" / "crash-points.md").read_text()
    meaning = {**COMMITS, **CALLS, **ELSEWHERE, **CALLS_ELSEWHERE}[name]
    assert f"| `{name}` | {meaning} |" in page
