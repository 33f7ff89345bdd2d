"""A PostgreSQL of the test's own: it may be stopped, killed and started without anybody else noticing."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import POSTGRES_PROGRAMS
from tests.world import free_port


@dataclass(frozen=True)
class OwnServer:
    """A server in a folder of its own, on a port of its own."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Starts it and waits until it takes connections, after a crash with all that was committed."""
        # what is tested is the death of processes, not of the machine: nothing has to reach the disk
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self._control("start", "-w", "-l", str(self.folder / "server.log"), "-o", options)

    def crash(self) -> None:
        """All its processes end at once, in the middle of whatever they do; then nobody listens."""
        self._control("stop", "-w", "-m", "immediate")

    def make(self) -> None:
        _run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    def remove(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self.crash()

    def _control(self, *words: str) -> None:
        _run("pg_ctl", "-D", str(self._data), *words)

    @property
    def _data(self) -> Path:
        return self.folder / "data"


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """A server that runs, and is gone afterwards."""
    # not in pytest's folder: only its owner gets there, and PostgreSQL refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="numberdesk-postgres-"))
    made = OwnServer(folder, free_port())
    try:
        if _as_whom():
            shutil.chown(folder, "postgres", "postgres")
        made.make()
        made.start()
        yield made
    finally:
        made.remove()
        shutil.rmtree(folder)


def _as_whom() -> dict[str, Any]:
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def _run(program: str, *words: str) -> None:
    assert POSTGRES_PROGRAMS is not None
    # into a file, not a pipe: the server inherits it, and a pipe would be read for as long as it runs
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [str(POSTGRES_PROGRAMS / program), *words],
            stdout=said, stderr=said, cwd="/", timeout=60, check=False, **_as_whom(),
        )  # fmt: skip
        said.seek(0)
        assert done.returncode == 0, said.read().decode()
