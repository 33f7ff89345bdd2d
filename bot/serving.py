"""The HTTP server: gunicorn with one worker process and many threads, set up in code and stopped with care.

The process that was started only watches. The program itself is made in the worker, after the fork: threads
and database connections do not survive one.
"""

import logging
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from wsgiref.types import WSGIApplication

import structlog
from gunicorn import glogging
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker

from bot.model.errors import NumberdeskError, SettingsError

log = structlog.get_logger(__name__)

KEEP_ALIVE = 5
"""Seconds an idle connection stays open: Slack and most load balancers use it again at once or never."""
SLOWEST_CLIENT = 10
"""Seconds a client may pause inside a request; without it sixteen of them would hold all threads."""
MARGIN = 5
"""Seconds the watching process waits longer than the worker, which ends by itself in time."""


@dataclass(frozen=True, slots=True)
class Served:
    """What runs in the worker process: `start` before the first request, `stop(seconds)` after the last."""

    wsgi: WSGIApplication
    start: Callable[[], None]
    stop: Callable[[float], None]


def serve(
    make: Callable[[], Served], *, host: str, port: int, threads: int = 16, graceful: float = 30
) -> None:
    """Serves until SIGTERM, SIGINT or SIGHUP, then finishes what is under way and returns.

    `make` is called in the worker process. After the signal nothing more is accepted, and requests in flight
    and then `stop` share `graceful` seconds; a second SIGINT cuts that short. Raises SettingsError when the
    address cannot be had, or with the worker's own words when `make` or `start` failed.
    """
    _probe(host, port)
    program = _Program(make, host=host, port=port, threads=threads, graceful=graceful)
    watcher = os.getpid()
    try:
        _Arbiter(program).run()
    except SystemExit as end:
        if os.getpid() != watcher:
            _leave(end.code)
        if end.code:
            reason = " ".join(program.read_failure().split())
            raise SettingsError(reason or "The HTTP server could not run.") from None
    finally:
        program.close()


def _leave(code: object) -> NoReturn:
    """Ends the worker here: it must not go on with its caller's work, nor wait for requests that hang."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else 1)


def _probe(host: str, port: int) -> None:
    """Finds out before the fork whether the address can be had: gunicorn would try for 5 s and exit."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise SettingsError(
                f"HOST {host}, PORT {port} cannot be listened on ({reason}):"
                " choose another, or stop what uses it"
            ) from None


class _Program(BaseApplication):  # type: ignore[misc] # gunicorn is not typed
    """gunicorn's idea of an application: its settings, and what makes the WSGI callable in the worker."""

    def __init__(
        self, make: Callable[[], Served], *, host: str, port: int, threads: int, graceful: float
    ) -> None:
        self._make = make
        self._options: dict[str, Any] = {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "workers": 1,
            "worker_class": _Worker,
            "threads": threads,
            "keepalive": KEEP_ALIVE,
            "graceful_timeout": int(graceful) + MARGIN,
            "timeout": 120,  # only a worker that hangs altogether; booting may include a migration
            "logger_class": _Logger,
            "proc_name": "numberdesk",
            "control_socket_disable": True,
            # The worker's sign of life is a file that is touched each second: keep it off the disk.
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 - not a file
            "when_ready": _tell_address,
        }
        self.graceful = graceful
        self.served: Served | None = None
        # By this pipe the worker says why it could not start; its exit code could not.
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        """Makes and starts the program; runs in the worker."""
        self.served = self._make()
        self.served.start()
        return self.served.wsgi

    def write_failure(self, text: str) -> None:
        os.write(self._write_end, text.encode()[:4000])

    def read_failure(self) -> str:
        try:
            return os.read(self._read_end, 4000).decode(errors="replace")
        except BlockingIOError:
            return ""

    def close(self) -> None:
        os.close(self._read_end)
        os.close(self._write_end)


class _Arbiter(Arbiter):  # type: ignore[misc]
    """The watching process. Every signal to end is a graceful one; there is nothing to reload or to add."""

    def handle_int(self) -> NoReturn:
        raise StopIteration

    handle_hup = handle_int  # the terminal was closed

    def _ignored(self) -> None:
        """More workers, or a second master, would be the job of whatever runs several of us."""

    handle_usr2 = handle_ttin = handle_ttou = handle_winch = _ignored


class _Worker(ThreadWorker):  # type: ignore[misc]
    """The process that answers."""

    def init_signals(self) -> None:
        super().init_signals()
        self._deadline: float | None = None
        # Control-C reaches both processes.
        signal.signal(signal.SIGINT, self.handle_exit)

    def handle_exit(self, sig: int, frame: Any) -> None:
        self._set_deadline()
        super().handle_exit(sig, frame)

    def load_wsgi(self) -> None:
        try:
            super().load_wsgi()
        except NumberdeskError as error:
            self._cannot_start(str(error))
        except Exception as error:
            log.exception("the program could not start")
            self._cannot_start(f"The program could not start: {type(error).__name__}: {error}")

    def run(self) -> None:
        self.cfg.set("graceful_timeout", max(1, int(self.app.graceful)))  # of this process only
        for listener in self.sockets:  # what is accepted inherits it
            patience = struct.pack("ll", SLOWEST_CLIENT, 0)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
        super().run()
        self.app.served.stop(max(1.0, self._set_deadline() - time.monotonic()))
        if self.nr_conns > 0:
            log.warning("the program stops before all requests were answered", lost=self.nr_conns)

    def is_parent_alive(self) -> bool:
        alive = bool(super().is_parent_alive())
        if not alive:
            self.handle_exit(0, None)
        return alive

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - the signature is gunicorn's
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            self._close_listeners()

    def _close_listeners(self) -> None:
        """Closes the door to newcomers, after those who already stand in line: they would see a reset."""
        for listener in self.sockets:
            if listener.sock is not None:
                before = -1
                while before != self.nr_conns:
                    before = self.nr_conns
                    self.accept(listener)
                listener.close()

    def _set_deadline(self) -> float:
        """When all must be over, counted from the first time somebody asked."""
        if self._deadline is None:
            self._deadline = time.monotonic() + float(self.app.graceful)
        return self._deadline

    def _cannot_start(self, reason: str) -> NoReturn:
        self.app.write_failure(reason)
        sys.exit(Arbiter.WORKER_BOOT_ERROR)


class _Logger(glogging.Logger):  # type: ignore[misc]
    """gunicorn's warnings through our own handler, which redacts; no access log and no small talk."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)

    def error(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if Arbiter.WORKER_BOOT_ERROR in args or msg.startswith(("Shutting down", "Reason")):
            return  # the one line that SettingsError becomes says it better
        super().error(msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if not isinstance(sys.exc_info()[1], BlockingIOError):  # a client was too slow: that is all
            super().exception(msg, *args, **kwargs)


def _tell_address(arbiter: Arbiter) -> None:
    log.info("listening", address=",".join(str(listener) for listener in arbiter.LISTENERS))
