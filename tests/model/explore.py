"""Visits every state that a protocol can reach, the nearest first: a trace it finds is a shortest one."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from tests.model.protocol import Protocol
from tests.model.state import State, key
from tests.model.truth import final, problem

STUCK = "no end can be reached any more, though all is healed"


@dataclass(frozen=True)
class Trace:
    """How something wrong came about."""

    what: str
    steps: tuple[str, ...]
    last: State


@dataclass(frozen=True)
class Report:
    """What was visited, what went wrong first, and which moves of the purchase were seen."""

    states: int
    steps: int
    seconds: float
    trace: Trace | None
    moves: frozenset[tuple[str, str]]


class Explorer:
    """Breadth first from the start; then back from the ends, to see from where none is reached."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        start = protocol.start()
        self._number: dict[State, int] = {key(start): 0}
        self._states = [start]
        self._came: list[tuple[int, str]] = [(-1, "")]
        self._healthy: list[tuple[int, int]] = []
        self._steps = 0
        self._moves: set[tuple[str, str]] = set()

    def run(self) -> Report:
        began = time.perf_counter()
        trace = self._wrong() or self._stuck()
        seconds = time.perf_counter() - began
        return Report(len(self._states), self._steps, seconds, trace, frozenset(self._moves))

    def _wrong(self) -> Trace | None:
        for here in self._visit():
            if what := problem(self._states[here]):
                return self._trace(here, what)
        return None

    def _visit(self) -> Iterator[int]:
        """The number of each state, when it is met for the first time."""
        yield 0
        here = 0
        while here < len(self._states):
            state = self._states[here]
            for step in self._protocol.steps(state):
                self._steps += 1
                there = self._number.setdefault(key(step.after), len(self._states))
                if not step.fault:
                    self._healthy.append((here, there))
                if there == len(self._states):
                    self._states.append(step.after)
                    self._came.append((here, step.words))
                    yield there
                if not step.after.restored or state.restored:
                    self._moves.add((state.row.status, step.after.row.status))
            here += 1

    def _stuck(self) -> Trace | None:
        """The nearest state from which no end is reached by steps that are no faults."""
        back: list[list[int]] = [[] for _ in self._states]
        for here, there in self._healthy:
            back[there].append(here)
        ends = [n for n, state in enumerate(self._states) if final(state)]
        good = bytearray(len(self._states))
        line = deque(ends)
        for end in ends:
            good[end] = 1
        while line:
            for before in back[line.popleft()]:
                if not good[before]:
                    good[before] = 1
                    line.append(before)
        bad = good.find(0)
        return None if bad < 0 else self._trace(bad, STUCK)

    def _trace(self, number: int, what: str) -> Trace:
        last, steps = self._states[number], []
        while number:
            number, words = self._came[number]
            steps.append(words)
        return Trace(what, tuple(reversed(steps)), last)


def explore(protocol: Protocol) -> Report:
    """All states of a protocol, or those until something is wrong."""
    return Explorer(protocol).run()
