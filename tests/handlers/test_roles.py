"""PostgreSQL's roles as docs/operations.md has them: the program adds to its log, and can do nothing else."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, ProgrammingError

from bot.model.audit_seal import make_key
from sandbox.slack.driver import Person
from storage import migrate
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.storage.tamper import TABLES
from tests.usecases.logs import log
from tests.world import APPROVE, NUMBERS, ROOT, World, ask_and_approve, world

PRIVATE, PUBLIC = make_key()
PASSWORD = "an-invented-password"
YEARS = timedelta(days=366 * 3)
pytestmark = pytest.mark.parametrize("bare_url", ["postgresql"], indirect=True)


@dataclass(frozen=True)
class Roles:
    """A database with the newest schema, and each role's way into it."""

    admin: str
    suffix: str

    def url(self, role: str) -> str:
        own = make_url(self.admin).set(username=self.named(role), password=PASSWORD)
        return own.render_as_string(hide_password=False)

    def named(self, sql: str) -> str:
        """The documents' SQL with roles that no other test has."""
        return re.sub(r"\bnumberdesk(_owner|_reader)?\b", rf"numberdesk\1_{self.suffix}", sql)

    def run(self, sql: str, role: str | None = None) -> None:
        """Runs SQL as a role, each statement by itself; as the administrator if none is named."""
        engine = create_engine(self.url(role) if role else self.admin, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(sql)
        finally:
            engine.dispose()


def documented() -> list[str]:
    """The SQL of docs/operations.md, block by block."""
    page = (ROOT / "docs" / "operations.md").read_text()
    return [
        block.replace("'…'", f"'{PASSWORD}'") for block in re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    ]


@pytest.fixture
def roles(bare_url: str) -> Iterator[Roles]:
    """Made as the documents say: the roles, the tables by one of them, then what the others may do."""
    once, after_each_upgrade, reader = documented()
    made = Roles(bare_url, uuid4().hex[:8])
    try:
        made.run(made.named(once))
        engine = make_engine(made.url("numberdesk_owner"))
        migrate.upgrade(engine)
        engine.dispose()
        for _ in range(2):  # as after a second upgrade
            made.run(made.named(after_each_upgrade), "numberdesk_owner")
        made.run(made.named(reader))
        yield made
    finally:
        for role in ("numberdesk_reader", "numberdesk", "numberdesk_owner"):
            made.run(f"DROP OWNED BY {made.named(role)} CASCADE; DROP ROLE {made.named(role)}")


@pytest.fixture
def desk(roles: Roles, tmp_path: Path) -> Iterator[World]:
    """The real program, with the role that is meant for it."""
    settings = {"AUDIT_CHECKPOINT_EVENTS": "5", "AUDIT_CHANNEL": APPROVE, "AUDIT_SIGNING_KEY": PRIVATE}
    with world(tmp_path, roles.url("numberdesk"), **settings) as made:
        yield made


@pytest.fixture
def owner(roles: Roles, tmp_path: Path) -> Iterator[World]:
    """The same with the role that owns the tables: only commands of the shell are run by it."""
    with world(tmp_path, roles.url("numberdesk_owner"), AUDIT_SIGNING_KEY=PRIVATE) as made:
        yield made


def test_the_program_does_all_its_work_as_a_role_that_cannot_touch_the_log(desk: World) -> None:
    desk.start()
    with Person(desk.slack_url, "U0RITA") as rita, Person(desk.slack_url, "U0ANA") as ana:
        ask_and_approve(rita, ana, reason="For Ada's new line", comment="Fine by me")
        ana.wait_message(APPROVE, "The audit log stands at event")
        rita.command(NUMBERS, "/number audit export")
        rita.wait_message(rita.direct, "The log you asked for", timeout=20)
    assert desk.stop() == 0
    assert "InsufficientPrivilege" not in desk.log() and "permission denied" not in desk.log()
    checked = desk.run("audit", "verify", "--key", PUBLIC)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert desk.run("doctor", "--json").stdout.count('"database"') == 1
    assert desk.run("db", "upgrade").returncode == 0, "there is nothing to do"


REFUSED = (
    *(f"{change} {table}" for table in TABLES for change in ("TRUNCATE", "DELETE FROM", "DROP TABLE")),
    *(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in TABLES),
    "UPDATE audit_event SET actor = 'U0EVE'",
    "UPDATE audit_text SET text = NULL, salt = NULL",
    "UPDATE audit_stub SET hash = 'x'",
    "INSERT INTO audit_stub VALUES ('T0ONE', 2, 1, 'h', 's', NULL, 0)",
    "UPDATE audit_head SET archived_seq = 2",
    "DELETE FROM audit_head",
    "TRUNCATE audit_head",
    "DROP TRIGGER audit_event_update ON audit_event",
    "ALTER TRIGGER audit_event_delete ON audit_event RENAME TO nothing",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE sql AS 'SELECT NULL::trigger'",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TRIGGER mine BEFORE INSERT ON audit_event EXECUTE FUNCTION audit_refuse()",
    "ALTER TABLE audit_event OWNER TO CURRENT_USER",
    "SET session_replication_role = replica",
    "SET ROLE numberdesk_owner",
    "UPDATE alembic_version SET version_num = '0001'",
)


def test_the_program_cannot_change_the_log_nor_what_guards_it(roles: Roles) -> None:
    database = Database(make_engine(roles.url("numberdesk")))
    log(database, 4)
    database.engine.dispose()
    for statement in REFUSED:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be (owner|superuser)"):
            roles.run(roles.named(statement), "numberdesk")
    engine = make_engine(roles.url("numberdesk"))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM audit_event")) == 4
    engine.dispose()


def test_erasing_needs_the_owner_and_says_so(roles: Roles, desk: World, owner: World) -> None:
    database = Database(make_engine(roles.url("numberdesk")))
    log(database, 4)
    database.engine.dispose()
    refused = desk.run("audit", "erase", "--user", "U0BEA", "--reason", "she asked")
    assert (refused.returncode, "use the DATABASE_URL of the one that owns" in refused.stderr) == (2, True)
    done = owner.run("audit", "erase", "--user", "U0BEA", "--reason", "she asked")
    assert done.stdout == "T0ONE: 1 texts of U0BEA were erased.\n"
    logged = json.loads(desk.run("audit", "query", "action:audit.erased", "--json").stdout)
    assert [one["outcome"] for one in logged] == ["success", "failure"]
    assert "1 texts were erased" in desk.run("audit", "verify").stdout


def test_archiving_needs_the_owner_and_says_so_each_day(roles: Roles, desk: World, owner: World) -> None:
    database = Database(make_engine(roles.url("numberdesk")))
    database.shift = -YEARS
    log(database, 4)
    database.engine.dispose()
    words = ("audit", "archive", "--to", "old", "--years", "2")
    refused = desk.run(*words)
    assert (refused.returncode, "may not delete what was archived" in refused.stderr) == (1, True)
    assert not list((desk.folder / "old").iterdir()), "nothing was written"
    desk.extra["AUDIT_ARCHIVE_FOLDER"] = "old"
    (database_check,) = (
        one for one in json.loads(desk.run("doctor", "--json").stdout) if one["name"] == "database"
    )
    assert "may not archive the log: unset AUDIT_ARCHIVE_FOLDER" in database_check["says"]
    assert owner.run(*words).stdout.startswith("T0ONE: events 1 to 4 are in old/")
    logged = json.loads(desk.run("audit", "query", "action:audit.archived", "--json").stdout)
    assert [(one["outcome"], one["actor"]["id"]) for one in logged] == [
        ("success", "shell"),
        ("failure", "shell"),
    ]
    checked = desk.run("audit", "verify", "--archive", "old/numberdesk-audit-T0ONE-1-4.jsonl")
    assert "T0ONE: events 1 to 7 hold together" in checked.stdout


def test_a_reader_sees_the_view_and_nothing_else(roles: Roles) -> None:
    roles.run("SELECT * FROM audit_log", "numberdesk_reader")
    for statement in ("SELECT * FROM audit_event", "SELECT * FROM request", "DELETE FROM audit_log"):
        with pytest.raises(DBAPIError, match=r"permission denied|cannot delete from view"):
            roles.run(statement, "numberdesk_reader")
