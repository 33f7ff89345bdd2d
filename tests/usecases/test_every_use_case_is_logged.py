"""Every use case writes to the log, or stands here with the reason why it does not: none is forgotten.

A use case is what a door, or the worker, calls. Whether it writes is read from the code: it leads, by
whatever it calls, to `storage.audit.append`. That refusals lead there as well is for the tests of each.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from bot.model.audit import Action
from tests.world import ROOT

FOLDER = ROOT / "bot" / "usecases"
PACKAGE = "bot.usecases."
APPEND = "storage.audit.append"

LIST = "shows rows, and changes nothing; what is read of them is not the log"
OWN = "shows a person their own newest steps, anew with each change; nobody else's"
DOOR = "reads the log for a door that logs it: tests/unit/test_cli_audit.py goes through them"
PLACE = "keeps where a message of the desk stands; what the message shows has its own event"
SLACK = "keeps what Slack said of somebody; asking changes nothing"
OUTSIDE = "reads a file outside of the database, often without one: there is no log to write to"
TIMER = "arms a job; what the job does is logged"
PURE = "computes, and touches no row"

NOT_LOGGED: Mapping[str, str] = {
    "audit_export.count_events": DOOR,
    "audit_export.stats": DOOR,
    "check.check": LIST,
    "choices.Choices.applications": LIST,
    "choices.Choices.compliance": LIST,
    "choices.Choices.subaccounts": LIST,
    "decide.reason_mark": PURE,
    "directory.Directory.refresh": SLACK,
    "directory.Listed.all_shown": LIST,
    "directory.Listed.look_up": LIST,
    "directory.Listed.members": LIST,
    "directory.Listed.name": LIST,
    "directory.Listed.profile": LIST,
    "directory.Listed.shown": LIST,
    "directory.Listed.stale": LIST,
    "directory.Listed.untried": LIST,
    "explain.explain_by_file": PURE,
    "explain.explain_number": LIST,
    "explain.explain_price": LIST,
    "explain.explain_request": LIST,
    "explain.rules_with_names": LIST,
    "export_log.asked_for": PURE,
    "export_log.written": "the file is handed out after log_export, and log_no_export says where it is not",
    "follow.Follower.begin": DOOR,
    "follow.Follower.news": DOOR,
    "home.drawing": PLACE,
    "home.home_sheet": OWN,
    "home.open_home": OWN,
    "home.touch_homes": PLACE,
    "lifecycle.arm": TIMER,
    "look_up.keep_card": PLACE,
    "look_up.keep_unposted": PLACE,
    "look_up.named_view": LIST,
    "look_up.open_purchases": LIST,
    "look_up.requests_page": LIST,
    "look_up.tell_pinged": PLACE,
    "look_up.view": LIST,
    "look_up.which_requests": PURE,
    "read_log.cursor": PURE,
    "read_log.query_log": DOOR,
    "read_log.understood": PURE,
    "report.keep_place": PLACE,
    "report.places": LIST,
    "report.view_report": LIST,
    "sweep.holding": TIMER,
    "sweep.seed": TIMER,
    "turns.hold": PLACE,
    "turns.take_turn": PLACE,
    "verify.total": PURE,
    "verify_file.verify_file": OUTSIDE,
}


def parsed(folder: Path) -> dict[str, ast.Module]:
    return {file.stem: ast.parse(file.read_text()) for file in sorted(folder.glob("*.py"))}


MODULES = parsed(FOLDER)


def imports(tree: ast.Module) -> dict[str, str]:
    """Where each imported name comes from."""
    return {
        one.asname or one.name: f"{node.module}.{one.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for one in node.names
    }


def functions() -> dict[str, ast.FunctionDef]:
    """`module.function` and `module.Class.method` of all use cases."""
    found = {}
    for module, tree in MODULES.items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                found[f"{module}.{node.name}"] = node
            elif isinstance(node, ast.ClassDef):
                methods = (one for one in node.body if isinstance(one, ast.FunctionDef))
                found |= {f"{module}.{node.name}.{one.name}": one for one in methods}
    return found


FUNCTIONS = functions()
IMPORTS = {module: imports(tree) for module, tree in MODULES.items()}


def mentioned(name: str) -> Iterator[str]:
    """What a function mentions, by its full name; those of use cases without the package."""
    module, *within = name.split(".")
    for node in ast.walk(FUNCTIONS[name]):
        if isinstance(node, ast.Name | ast.Attribute):
            head, _, rest = ast.unparse(node).partition(".")
            if head == "self" and len(within) == 2:
                yield f"{module}.{within[0]}.{rest}"
            elif head in IMPORTS[module]:
                full = f"{IMPORTS[module][head]}.{rest}" if rest else IMPORTS[module][head]
                yield full.removeprefix(PACKAGE)
            else:
                yield f"{module}.{ast.unparse(node)}"


@cache
def reached(name: str) -> frozenset[str]:
    """All use cases, and `append`, to which a function may lead."""
    found, to_look = {name}, [name]
    while to_look:
        for other in set(mentioned(to_look.pop())) - found:
            if other == APPEND or other in FUNCTIONS:
                found.add(other)
                to_look += [other] if other in FUNCTIONS else []
    return frozenset(found)


def called_from_outside() -> set[str]:
    """The functions that doors and the worker know, and all that a class of use cases offers."""
    found = set()
    for file in [*(ROOT / "bot").glob("*.py"), *(ROOT / "handlers").rglob("*.py")]:
        tree = ast.parse(file.read_text())
        names = imports(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.Attribute):
                head, _, rest = ast.unparse(node).partition(".")
                full = ".".join(filter(None, [names.get(head, ""), rest]))
                found.add(full.removeprefix(PACKAGE))
    return {name for name in FUNCTIONS if name in found} | set(methods())


def methods() -> Iterator[str]:
    """Of classes that do something: those that hold values, and errors, only say what they hold."""
    for module, tree in MODULES.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not (node.decorator_list or node.bases):
                public = (one.name for one in node.body if isinstance(one, ast.FunctionDef))
                yield from (f"{module}.{node.name}.{one}" for one in public if not one.startswith("_"))


@pytest.mark.parametrize("name", sorted(called_from_outside()))
def test_a_use_case_writes_to_the_log_or_says_why_not(name: str) -> None:
    writes = APPEND in reached(name)
    assert writes != (name in NOT_LOGGED), "write an event, or give the reason in NOT_LOGGED"


def test_no_reason_is_left_over() -> None:
    assert NOT_LOGGED.keys() <= called_from_outside()
    assert all(NOT_LOGGED.values())


def test_every_module_of_use_cases_is_looked_at() -> None:
    """One without a function that a door knows is a part of those that have one."""
    led_to = {name.split(".")[0] for entry in called_from_outside() for name in reached(entry)}
    values_alone = {"__init__", "desk", "verify_walk"}
    assert MODULES.keys() - led_to - values_alone == set()


@pytest.mark.parametrize("action", Action)
def test_every_action_is_written_by_a_use_case(action: Action) -> None:
    nodes = (node for tree in MODULES.values() for node in ast.walk(tree))
    assert action.name in {node.attr for node in nodes if isinstance(node, ast.Attribute)}
