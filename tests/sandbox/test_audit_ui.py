"""`make audit-ui`: Datasette shows the log's view, to this machine, and writes nothing."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from sandbox import audit_ui
from storage import migrate
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.usecases.logs import log


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with three events."""
    file = tmp_path / "numberdesk.db"
    database = Database(make_engine(f"sqlite:///{file}"))
    migrate.upgrade(database.engine)
    log(database, 3)
    database.engine.dispose()
    return file


@contextmanager
def shown(file: Path) -> Iterator[str]:
    """The address under which the file is shown."""
    words = audit_ui.command(file, 0)
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            said = next(line for line in process.stderr if "running on" in line)
            found = re.search(r"http://127\.0\.0\.1:\d+", said)
            assert found, said
            yield found[0]
        finally:
            process.terminate()


def test_the_view_is_shown_newest_first_and_nothing_is_written(file: Path) -> None:
    before = file.read_bytes()
    with shown(file) as address:
        page = requests.get(f"{address}/numberdesk/audit_log", timeout=30)
        rows = requests.get(f"{address}/numberdesk/audit_log.json?_shape=array", timeout=30).json()
    assert (page.status_code, "because of 0" in page.text) == (200, True)
    assert [row["seq"] for row in rows] == [3, 2, 1]
    assert rows[2]["reason"] == "because of 0"
    assert file.read_bytes() == before


def test_the_newest_demo_is_found_and_none_is_said(tmp_path: Path) -> None:
    assert audit_ui.newest_demo(tmp_path) is None
    folder = tmp_path / "numberdesk-demo-x"
    folder.mkdir()
    (folder / "numberdesk.db").touch()
    assert audit_ui.newest_demo(tmp_path) == folder / "numberdesk.db"
