"""PostgreSQL in trouble, with the real program: never half a change, and a purchase goes on once.

A row that the test holds stops the program in the middle of a transaction; that transaction then loses its
connection, ends in a deadlock, or cannot be put in an order with the test's own.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.conftest import a_database
from tests.faults import truth
from tests.faults.holding import AGAIN, about_to_buy, holding, plain, release, selling
from tests.faults.scenes import Played
from tests.faults.stage import Stage, stage

HEAD = "SELECT 1 FROM audit_head FOR UPDATE"
"""What every transaction takes last, when all its other rows are written."""
BUDGET = "UPDATE budget SET committed = committed WHERE spender = ''"
PURCHASE = "UPDATE purchase SET looks = looks WHERE id = %s"

pytestmark = pytest.mark.xdist_group("postgres-faults")  # one start of the program for all

Trouble = Callable[[Stage, Callable[[], None], str, tuple[object, ...]], None]


def _cut(here: Stage, go_on: Callable[[], None], _row: str, _values: tuple[object, ...]) -> None:
    """The connection is cut while everything but the log is written."""
    with holding(here.desk, HEAD) as holder:
        go_on()
        holder.terminate()


def _deadlock(here: Stage, go_on: Callable[[], None], row: str, values: tuple[object, ...]) -> None:
    """The test has what the program wants, and wants what the program has: the program gives way."""
    with holding(here.desk, HEAD) as holder:
        go_on()
        holder.waiting()
        holder.run(row, *values)


def _unordered(here: Stage, go_on: Callable[[], None], row: str, values: tuple[object, ...]) -> None:
    """What the program read was changed under it: SQLSTATE 40001, where the server looks for that."""
    with holding(here.desk, row, *values) as holder:
        go_on()
        holder.waiting()
        holder.mine.commit()


STRICT = "no order with another"
TROUBLES = {
    "the connection is cut": (_cut, "terminating connection"),
    "a deadlock": (_deadlock, "deadlock detected"),
    STRICT: (_unordered, "could not serialize access"),
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A program on a database whose default for transactions is a stricter one."""
    folder = tmp_path_factory.mktemp("strict")
    with a_database("postgresql", folder) as url:
        with psycopg.connect(plain(url), autocommit=True) as server:
            own = server.info.dbname
            server.execute(f"ALTER DATABASE \"{own}\" SET default_transaction_isolation = 'repeatable read'")
        with stage(folder, url) as made:
            yield made


@pytest.fixture
def here(request: pytest.FixtureRequest, stages: Callable[[str], Stage], name: str) -> Stage:
    """The program; where order is looked for, the one on the stricter database."""
    made: Stage = request.getfixturevalue("strict") if name == STRICT else stages("postgresql")
    return made


def _is_bought_once(here: Stage, played: Played) -> None:
    here.settled()
    assert here.shows(played.request, "p.status = 'bought'"), here.where()
    assert len(here.desk.buys(played.number)) == 1
    truth.check(here, played)


@pytest.mark.parametrize("name", TROUBLES)
def test_a_form_whose_transaction_was_undone_is_told_and_sent_again(here: Stage, name: str) -> None:
    trouble, error = TROUBLES[name]
    first = selling(here)
    release(here, "sold")
    _is_bought_once(here, first)  # from then on the month's budget has a row
    number, mark = here.confirm(dear=False), len(here.desk.log())
    with ThreadPoolExecutor(1) as rita:
        told = []
        trouble(here, lambda: told.append(rita.submit(here.rita.submit)), BUDGET, ())
        assert told[0].result() == {"reason": AGAIN}
    assert error in here.desk.log()[mark:]
    assert not here.desk.rows("SELECT 1 FROM purchase WHERE number = :number", number=number)
    truth.check_rows(here.desk)
    _is_bought_once(here, Played(number, here.submit(number)))


@pytest.mark.parametrize("name", TROUBLES)
def test_an_intent_that_was_undone_is_made_anew_and_calls_once(here: Stage, name: str) -> None:
    trouble, error = TROUBLES[name]
    played, mark = about_to_buy(here), len(here.desk.log())
    trouble(here, lambda: release(here, "look"), PURCHASE, (_purchase(here, played),))
    here.until(lambda: error in here.desk.log()[mark:])
    assert ", in _intend\n" in here.desk.log()[mark:]
    _is_bought_once(here, played)


@pytest.mark.parametrize("name", TROUBLES)
def test_an_answer_whose_write_was_undone_is_written_again(here: Stage, name: str) -> None:
    trouble, error = TROUBLES[name]
    played, mark = selling(here), len(here.desk.log())
    trouble(here, lambda: release(here, "sold"), PURCHASE, (_purchase(here, played),))
    _is_bought_once(here, played)
    assert error in here.desk.log()[mark:]
    unclear = "SELECT count(*) FROM audit_event WHERE request_id = :id AND action = 'purchase.unknown'"
    assert here.desk.rows(unclear, id=played.request) == [(0,)], "it was written, and not found out by asking"


def _purchase(here: Stage, played: Played) -> str:
    query = "SELECT id FROM purchase WHERE request_id = :id"
    return str(here.desk.rows(query, id=played.request)[0][0])
