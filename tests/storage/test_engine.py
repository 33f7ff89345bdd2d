"""PostgreSQL's own time-outs: who stands still keeps no row for ever, and operators may change them."""

import socket

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from storage.engine import make_engine
from tests.conftest import a_database

NAMES = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "search_path")


def _shown(url: str, names: tuple[str, ...] = NAMES) -> list[str]:
    engine = make_engine(url)
    with engine.connect() as connection:
        shown = [str(connection.scalar(text(f"SHOW {name}"))) for name in names]
    engine.dispose()
    return shown


@pytest.fixture
def postgresql(tmp_path):
    with a_database("postgresql", tmp_path) as url:
        yield url


def test_nobody_waits_for_ever(postgresql: str) -> None:
    assert _shown(postgresql)[:3] == ["10s", "30s", "30s"]


def test_a_server_that_is_gone_without_a_word_is_noticed_within_half_a_minute(postgresql: str) -> None:
    engine = make_engine(postgresql)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
        driver = connection.connection.driver_connection
        with socket.fromfd(driver.fileno(), socket.AF_INET, socket.SOCK_STREAM) as wire:
            idle, every, times = (
                wire.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            )
            assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert idle + every * times <= 30, "seconds, where we wait for an answer"
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000, "where we ask"
    engine.dispose()


def test_options_of_the_address_count_beside_ours_and_against_them(postgresql: str) -> None:
    """They were dropped without a word."""
    options = "-c idle_in_transaction_session_timeout=7s -c search_path=pg_catalog"
    given = make_url(postgresql).update_query_dict({"options": options})
    shown = _shown(given.render_as_string(hide_password=False))
    assert shown == ["10s", "30s", "7s", "pg_catalog"]


def test_who_sleeps_in_a_transaction_loses_it_and_cannot_commit(postgresql: str) -> None:
    sleeper = make_engine(f"{postgresql}?options=-c idle_in_transaction_session_timeout=50ms")
    others = make_engine(postgresql)
    with sleeper.connect() as asleep:
        asleep.execute(text("INSERT INTO home (workspace, \"user\", opened_at) VALUES ('T', 'U', 0)"))
        with others.begin() as other:  # waits for the sleeper's row, and gets it
            other.execute(text("INSERT INTO home (workspace, \"user\", opened_at) VALUES ('T', 'U', 1)"))
        with pytest.raises(DBAPIError):
            asleep.commit()
    with others.connect() as connection:
        assert connection.scalar(text("SELECT opened_at FROM home")) == 1
    sleeper.dispose()
    others.dispose()
