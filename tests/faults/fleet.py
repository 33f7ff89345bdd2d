"""Several machines: web and worker processes on one PostgreSQL, any of which may die at any moment."""

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from tests.nursery import Born, Process, Start
from tests.world import World, free_port


@dataclass
class Machine:
    """One process: a door without a worker, or a worker without a door."""

    command: tuple[str, ...]
    port: int
    process: Process | None = None

    def is_ready(self) -> bool:
        """Whether its door answers; a worker has none."""
        if "serve" not in self.command:
            return True
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2).ok
        except requests.RequestException:
            return False


@dataclass
class Fleet:
    """All machines. Slack's payloads go to one door after the other, as a load balancer has it."""

    desk: World
    webs: list[Machine]
    workers: list[Machine]
    kills: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        for machine in (*self.webs, *self.workers):
            self._start(machine)
        while not any(web.is_ready() for web in self.webs):
            assert any(web.process and web.process.poll() is None for web in self.webs), self.desk.log()

    def _start(self, machine: Machine) -> None:
        environment = {**self.desk.environment(), "PORT": str(machine.port)}
        folder = self.desk.folder
        machine.process = Born(
            Start("bot.__main__", machine.command, environment, folder, folder / "bot.log")
        )

    def kill_one(self, source: random.Random) -> None:
        """kill -9 of one machine in the middle of whatever it does; another is started in its place."""
        with self._lock:
            machine = source.choice([*self.webs, *self.workers])
            self._kill(machine)
            self.kills += 1
            self._start(machine)

    def route(self, source: random.Random) -> None:
        """The next payloads go to another door that is open."""
        web = source.choice(self.webs)
        if web.is_ready():
            self.desk.control.request_url(f"http://127.0.0.1:{web.port}/slack/events")

    @staticmethod
    def _kill(machine: Machine) -> None:
        if machine.process is not None and machine.process.poll() is None:
            os.killpg(machine.process.pid, signal.SIGKILL)
            machine.process.wait(10)

    def stop(self) -> None:
        for machine in (*self.webs, *self.workers):
            self._kill(machine)


@contextmanager
def fleet(desk: World, *, webs: int, workers: int) -> Iterator[Fleet]:
    """So many doors and so many workers, started."""
    made = Fleet(
        desk,
        [Machine(("serve", "--no-worker"), free_port()) for _ in range(webs)],
        [Machine(("worker",), free_port()) for _ in range(workers)],
    )
    try:
        made.start()
        yield made
    finally:
        made.stop()
