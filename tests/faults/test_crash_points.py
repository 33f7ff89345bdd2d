"""kill -9 of the real program at every point from the confirmation to the last message, each once.

`make test` dies at the points around the money on both databases and at all of the plain way on SQLite;
`make soak` dies at all of them on both.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.faults import points
from tests.faults.scenes import SCENES
from tests.faults.stage import Stage
from tests.faults.truth import check

SOAK = os.environ.get("SOAK") == "1"
TRIES = 3
"""Threads overtake each other: now and then one of them spares another its way past a point."""
PARTS = 2 if SOAK else 1
"""Starts of the program on each database: it waits for its own clock most of the time."""
_MONEY = ("usecases.buy.", "usecases.settle.", "usecases.submit.", "POST PhoneNumber/N")


def _short(kind: str, scene: str, point: str) -> bool:
    if kind == "sqlite" and scene == "bought_at_once":
        return True
    return scene in {"bought_at_once", "answer_lost"} and any(word in point for word in _MONEY)


def _cases() -> Iterator[object]:
    for kind in ("sqlite", "postgresql"):
        for number, (scene, point) in enumerate(points.deaths()):
            if SOAK or _short(kind, scene, point):
                group = pytest.mark.xdist_group(f"crash-{kind}-{number % PARTS}")
                yield pytest.param(kind, scene, point, marks=group, id=f"{kind}-{scene}-{point}")


@pytest.mark.grows
@pytest.mark.parametrize(("kind", "scene", "point"), [*_cases()])
def test_killed_at_any_point_it_buys_once_and_everybody_hears_how_it_ended(
    stages: Callable[[str], Stage], kind: str, scene: str, point: str
) -> None:
    here = stages(kind)
    before = here.deaths
    for _ in range(TRIES):
        _play(here, scene, point)
        if here.deaths > before:
            break
    assert here.deaths > before, "it did not die"


def _play(here: Stage, scene: str, point: str) -> None:
    try:
        played = SCENES[scene](here, lambda: here.foretell(point))
        here.settled()
    finally:
        passed = here.disarm()
    check(here, played)
    assert {points.plain(one) for one in passed} <= points.NAMES, "a call or a commit that has no name"
