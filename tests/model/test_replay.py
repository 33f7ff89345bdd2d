"""The model is the program's: what it says of a walk is what the real use cases leave in a database."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from bot.usecases import buy
from tests.model.desk import a_desk
from tests.model.protocol import Protocol
from tests.model.replay import Replay
from tests.model.rules import TRIES, Rules, Scope

WALKS = 60
LONGEST = 60
ALONE = Scope(workers=2, restore=False, frozen=False)
"""Runs are replayed one after the other: a restore, and a sleep within a run, are the model's own."""


class Walks:
    """Walks of one protocol, each on an empty database of its own."""

    def __init__(self, template: Path, folder: Path) -> None:
        self._template, self._folder = template, folder
        self.ends: Counter[str] = Counter()
        self.words: set[str] = set()

    def walk(self, protocol: Protocol, seed: int) -> None:
        """Raises AssertionError where the program does something else than the model."""
        file = self._folder / f"{seed}.db"
        shutil.copy(self._template, file)
        with a_desk(f"sqlite:///{file}") as desk:
            replay = Replay(protocol, desk, seed)
            for _ in range(LONGEST):
                if not replay.go():
                    break
                model, program = replay.both()
                assert model == program, "\n".join(replay.story)
        self.ends[replay.state.row.status] += 1
        self.words |= set(replay.story)


@pytest.fixture
def walks(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walks:
    monkeypatch.setattr(buy, "AGAIN_AFTER", buy.AGAIN_AFTER[:TRIES])
    return Walks(request.getfixturevalue("_sqlite_template"), tmp_path)


def test_the_program_does_what_the_model_says(walks: Walks) -> None:
    for seed in range(WALKS):
        walks.walk(Protocol(scope=ALONE), seed)
    assert {"dropped", "refused", "bought", "not_bought"} <= set(walks.ends)
    assert len(walks.words) > 40, "the walks go nearly everywhere"


@pytest.mark.parametrize(
    "rules",
    [Rules(timeout_is="refused"), Rules(watchdog=False), Rules(intent_takes_job=False), Rules(window=False)],
    ids=["a time-out is a failure", "no watchdog", "the job stays", "no window"],
)
def test_a_model_of_another_program_is_found_out(walks: Walks, rules: Rules) -> None:
    with pytest.raises(AssertionError):  # noqa: PT012 - one of the walks shows it
        for seed in range(WALKS):
            walks.walk(Protocol(rules=rules, scope=ALONE), seed)
