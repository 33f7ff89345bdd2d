"""The server as a process: how it starts, answers odd clients, and ends."""

import hmac
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic

import pytest

from tests.handlers.data.served import NOW, SECRET

PROGRAM = Path(__file__).parent / "data" / "served.py"
ROOT = PROGRAM.parents[3]
PATIENCE = 30


class Process:
    """The program, running; everything it says is kept."""

    def __init__(self, cwd: Path, port: int = 0, mode: str = "fine", graceful: float = 20) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(port), mode, str(graceful)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self.popen.stdout is not None
        assert self.popen.stderr is not None
        self.out, self.err = self.popen.stdout, self.popen.stderr
        self.port = 0

    def ready(self) -> "Process":
        line = self.err.readline()
        found = re.search(r"listening address=http://127\.0\.0\.1:(\d+)", line)
        assert found, line
        self.port = int(found[1])
        assert self.out.readline() == "started\n"
        return self

    def get(self, path: str) -> str:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            return get(connection, path)
        finally:
            connection.close()

    def refuses(self) -> None:
        """Returns when a new connection is refused."""
        end = monotonic() + PATIENCE
        while monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE).close()
            except ConnectionError:
                return
        raise AssertionError("the port is still open")

    def ended(self) -> tuple[int, str, str]:
        """Waits for the end of all its processes: they hold the pipes."""
        out, err = self.popen.communicate(timeout=PATIENCE)
        return self.popen.returncode, out, err


def get(connection: HTTPConnection, path: str) -> str:
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200
    return answer.read().decode()


@contextmanager
def program(cwd: Path, port: int = 0, mode: str = "fine", graceful: float = 20) -> Iterator[Process]:
    process = Process(cwd, port, mode, graceful)
    try:
        yield process
    finally:
        if process.popen.poll() is None:
            process.popen.send_signal(signal.SIGQUIT)
            process.popen.wait(PATIENCE)
        process.out.close()
        process.err.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One program for all tests that do not end it."""
    with program(tmp_path_factory.mktemp("served")) as process:
        yield process.ready()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_request_under_way_is_finished_before_the_end(tmp_path: Path, number: int) -> None:
    with program(tmp_path) as process, ThreadPoolExecutor() as pool:
        process.ready()
        with socket.create_connection(("127.0.0.1", process.port), timeout=PATIENCE) as other:
            other.sendall(b"GET /release HTTP/1.0\r\n")  # begun before the signal, ended after it
            holding = pool.submit(process.get, "/hold")
            assert process.get("/held") == "True"
            process.popen.send_signal(number)
            process.refuses()
            assert not holding.done()
            other.sendall(b"\r\n")
            with other.makefile("rb") as answer:
                assert answer.read().endswith(b"released")
        assert holding.result(PATIENCE) == "held"
        code, out, _ = process.ended()
        assert (code, out) == (0, "answered\nstopped True\nreturned\n")
    assert list(tmp_path.iterdir()) == []


def test_a_request_that_hangs_cannot_hold_up_the_end(tmp_path: Path) -> None:
    with program(tmp_path, graceful=1) as process, ThreadPoolExecutor() as pool:
        process.ready()
        holding = pool.submit(process.get, "/hold")
        assert process.get("/held") == "True"
        begin = monotonic()
        process.popen.terminate()
        code, out, err = process.ended()
        assert monotonic() - begin < 10  # and not 20
        assert (code, out) == (0, "stopped True\nreturned\n")
        assert "before all requests were answered lost=1" in err
        assert isinstance(holding.exception(PATIENCE), ConnectionError)


def test_the_worker_ends_when_the_process_that_watches_it_is_killed(tmp_path: Path) -> None:
    with program(tmp_path) as process:
        process.ready()
        begin = monotonic()
        process.popen.kill()
        code, out, _ = process.ended()
        assert (code, out) == (-signal.SIGKILL, "stopped True\n")
        assert monotonic() - begin < 6  # it looks once a second


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    with program(tmp_path) as process:
        process.ready()
        first = process.get("/pid")
        os.kill(int(first), signal.SIGKILL)
        assert process.out.readline() == "started\n"
        assert process.get("/pid") != first
        process.popen.terminate()
        assert process.ended()[0] == 0


def test_a_port_in_use_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with program(tmp_path, port) as process:
            code, out, err = process.ended()
    assert (code, out) == (2, "")
    assert err == (
        f"HOST 127.0.0.1, PORT {port} cannot be listened on (Address already in use):"
        " choose another, or stop what uses it\n"
    )


def test_a_setting_that_the_worker_finds_wrong_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with program(tmp_path, mode="unset") as process:
        code, out, err = process.ended()
    assert (code, out) == (2, "")
    assert err.splitlines()[1:] == ["POLICY_FILE is wrong"]


def test_a_program_that_cannot_start_says_why_and_ends_with_2(tmp_path: Path) -> None:
    with program(tmp_path, mode="broken") as process:
        code, out, err = process.ended()
    assert (code, out) == (2, "")
    assert "the program could not start" in err
    assert err.splitlines()[-1] == "The program could not start: ZeroDivisionError: nothing works"


def raw(server: Process, *parts: bytes) -> bytes:
    """Sends these bytes and returns the first answer: its head, and its body if it has a length."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as line:
        for part in parts:
            line.sendall(part)
        with line.makefile("rb") as answer:
            head = answer.readline()
            length = 0
            while (header := answer.readline()) not in {b"\r\n", b""}:
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            return head.strip() + b" " + answer.read(length)


def head(*headers: bytes, body: bytes = b"") -> bytes:
    mac = hmac.new(SECRET.encode(), f"v0:{NOW}:".encode() + body, sha256).hexdigest()
    signed = (b"X-Slack-Request-Timestamp: %d" % NOW, b"X-Slack-Signature: v0=" + mac.encode())
    kind = b"Content-Type: application/x-www-form-urlencoded"
    return b"\r\n".join((b"POST /slack/events HTTP/1.1", b"Host: desk", kind, *signed, *headers, b"", b""))


COMMAND = b"command=%2Fnumber&text=search+payload"


def test_a_body_with_its_length_is_heard(server: Process) -> None:
    answer = raw(server, head(b"Content-Length: %d" % len(COMMAND), body=COMMAND), COMMAND)
    assert answer == b"HTTP/1.1 200 OK search payload"


def test_a_body_in_chunks_is_heard(server: Process) -> None:
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (COMMAND[:7], COMMAND[7:])]
    answer = raw(server, head(b"Transfer-Encoding: chunked", body=COMMAND), *chunks, b"0\r\n\r\n")
    assert answer == b"HTTP/1.1 200 OK search payload"


def test_a_client_that_asks_first_is_told_to_go_on(server: Process) -> None:
    headers = (b"Content-Length: %d" % len(COMMAND), b"Expect: 100-continue")
    assert raw(server, head(*headers, body=COMMAND), COMMAND).startswith(b"HTTP/1.1 100 Continue")


def test_a_body_that_is_too_large_is_refused_before_it_arrives(server: Process) -> None:
    begin = monotonic()
    assert raw(server, head(b"Content-Length: 99999999999")).startswith(b"HTTP/1.1 413 ")
    assert monotonic() - begin < 3


def test_too_many_chunks_are_refused(server: Process) -> None:
    chunk = b"%x\r\n%s\r\n" % (300_000, b"x" * 300_000)
    answer = raw(server, head(b"Transfer-Encoding: chunked"), chunk * 4, b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_client_that_leaves_halfway_hurts_nobody(server: Process) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as line:
        line.sendall(head(b"Content-Length: 100") + b"command=")
    assert server.get("/healthz") == "ok"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        head(b"Content-Length: ten"),
        head(b"Content-Length: -1"),
        head(b"Content-Length: 5", b"Content-Length: 6"),
        head(b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
        head(b"Bad Header : 1", b"Content-Length: 0"),
    ],
)
def test_what_is_not_http_is_refused_by_the_server(server: Process, request_bytes: bytes) -> None:
    assert raw(server, request_bytes).startswith(b"HTTP/1.1 4")


def test_headers_twice_do_not_pass_as_signed(server: Process) -> None:
    again = b"X-Slack-Request-Timestamp: %d" % NOW
    answer = raw(server, head(again, b"Content-Length: %d" % len(COMMAND), body=COMMAND), COMMAND)
    assert answer.startswith(b"HTTP/1.1 401 ")


def test_a_connection_may_ask_many_times(server: Process) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    assert [get(connection, "/healthz") for _ in range(3)] == ["ok"] * 3
    connection.close()
