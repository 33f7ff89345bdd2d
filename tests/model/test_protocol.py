"""The protocol bears everything in its scope, and each planted mistake is found by a short story."""

import itertools
from collections.abc import Iterator

import pytest

from bot.model.purchase import MOVES, PurchaseStatus
from tests.model.cases import LIMITS, PLANTED, RIGHT, SPARED
from tests.model.explore import STUCK, Report, Trace, explore
from tests.model.protocol import Protocol
from tests.model.rules import UNMODELLED, Rules, Scope, Step
from tests.model.state import FREE, OURS, Job, Row, State, Worker, finish, hand_back, key, put
from tests.model.truth import final, problem

S = PurchaseStatus
ELSEWHERE = {
    (S.WAITING, S.REFUSED),  # the late answer to another request's call
    (S.BUYING, S.NOT_BOUGHT),  # nobody does that: it is asked about as unknown first
}
"""Moves that storage lets through and the model of one purchase does not make."""
LONGEST = 16
"""Steps in a story that people still read to its end."""


in_one_process = pytest.mark.xdist_group("protocol-of-money")
"""The largest exploration is done once, for both tests that read its report."""


@pytest.fixture(scope="module")
def money() -> Report:
    return explore(RIGHT["the purchase"])


@in_one_process
def test_the_purchase_is_made_once_and_never_lost_whatever_comes_when(money: Report) -> None:
    assert money.trace is None
    assert money.states > 50_000  # it did look at the interleavings


@in_one_process
def test_the_model_makes_the_moves_of_the_program_and_no_other(money: Report) -> None:
    modelled = {(a, b) for a, ways in MOVES.items() for b in ways} - ELSEWHERE
    modelled = {move for move in modelled if not UNMODELLED & set(move)}
    assert {(a, b) for a, b in money.moves if a != b} == modelled


@pytest.mark.parametrize("name", [*SPARED, "the card"])
def test_nothing_is_wrong(name: str) -> None:
    assert explore({**SPARED, **RIGHT}[name]).trace is None


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_found(name: str) -> None:
    protocol, what = PLANTED[name]
    trace = explore(protocol).trace
    assert trace is not None and what in trace.what
    assert len(trace.steps) <= LONGEST
    assert problem(trace.last)


@pytest.mark.parametrize("name", LIMITS)
def test_a_known_limit_is_a_limit_indeed(name: str) -> None:
    protocol, what = LIMITS[name]
    trace = explore(protocol).trace
    assert trace is not None and what in trace.what


def test_a_trace_can_be_walked_step_by_step() -> None:
    protocol, _ = PLANTED["no watchdog"]
    trace = explore(protocol).trace
    assert trace is not None
    assert _walked(protocol, trace) == trace.last


def _walked(protocol: Protocol, trace: Trace) -> State:
    state = protocol.start()
    for words in trace.steps:
        (state,) = {step.after for step in protocol.steps(state) if step.words == words}
    return state


def test_a_worker_that_dies_between_intent_and_call_is_the_watchdogs_business() -> None:
    trace = explore(Protocol(rules=Rules(watchdog=False), scope=Scope(workers=1, market=False))).trace
    assert trace is not None
    assert trace.steps[-1] == "worker 1 is killed"


def test_that_no_end_can_be_reached_is_found_as_well() -> None:
    class Deaf(Protocol):
        """Its settler never takes a job."""

        def _settler(self, s: State) -> Iterator[Step]:
            return iter(())

    trace = explore(Deaf(scope=Scope(workers=1, restore=False, human=False))).trace
    assert trace is not None
    assert trace.what == STUCK


def test_every_kind_of_step_stands_in_the_right_protocol() -> None:
    kinds = {"sells and its answer is lost", "is killed", "lease of the buy job", "restored", "takes effect"}
    assert {kind for kind in kinds for words in _all_words() if kind in words} == kinds


def _all_words() -> set[str]:
    """The words of the steps near the start."""
    protocol = Protocol(scope=Scope(workers=1))
    near = {protocol.start()}
    words: set[str] = set()
    for _ in range(9):
        steps = list(itertools.chain.from_iterable(protocol.steps(s) for s in near))
        words |= {step.words for step in steps}
        near = {step.after for step in steps}
    return words


@pytest.mark.parametrize(
    ("state", "what"),
    [
        (State(Row("bought"), owner=OURS, listed=True, sold=1), None),
        (State(Row("bought"), owner=FREE), "called bought"),
        (State(Row("refused"), owner=OURS, sold=1), "the row says refused"),
        (State(Row("refused"), owner=OURS, sold=1, restored=True), None),
        (State(Row("bought"), owner=OURS, sold=2), "bought twice"),
        (State(Row("buying", settle=Job()), owner=OURS, sold=1), None),
    ],
)
def test_what_is_wrong_is_said(state: State, what: str | None) -> None:
    found = problem(state)
    assert found is None if what is None else what in str(found)


def test_an_end_is_one_only_when_nobody_is_at_work() -> None:
    assert final(State(Row("bought"), owner=OURS, sold=1))
    assert not final(State(Row("bought", render=Job()), owner=OURS, sold=1))
    assert not final(State(Row("waiting")))


def test_a_job_is_finished_by_its_holder_only_and_stays_when_it_was_put_again() -> None:
    held = Job(holder=0)
    assert finish(held, 0) is None
    assert finish(held, 1) == held
    assert finish(put(held), 0) == Job()
    assert finish(put(held, rearm=False), 0) is None
    assert hand_back(held, 0) == Job()
    assert hand_back(None, 0) is None


def test_two_equal_workers_make_one_state() -> None:
    row = Row("queued", buy=Job(holder=0))
    one = State(row, (Worker("taken"), Worker()))
    other = State(row._replace(buy=Job(holder=1)), (Worker(), Worker("taken")))
    assert key(one) == key(other)
    assert key(one) != key(State(row, (Worker(), Worker("taken"))))
