"""The demo world: one command starts it, one address opens it, and nothing is left behind."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.model.policy_check import warnings
from bot.model.policy_file import read_policy
from sandbox import demo, minder
from sandbox.children import ChildEnded, Children, answers
from sandbox.slack.driver import Control, Person

ROOT = Path(__file__).parent.parent.parent
ENDLESS = [sys.executable, "-c", "import sys; sys.stdin.read(); import threading; threading.Event().wait()"]
STUBBORN = "import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN); threading.Event().wait()"


@contextlib.contextmanager
def running_demo():
    """The demo as people start it, a real workspace's settings lying about; yields it and its greeting."""
    real = {
        "SLACK_BOT_TOKEN": "xoxb-real",
        "DATABASE_URL": "postgresql://real.test/x",
        "PLIVO_AUTH_ID": "REAL",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox"],
        cwd=ROOT,
        env=os.environ | real | {"DEMO_PORT": "0", "LOG_LEVEL": "ERROR"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            greeting = ""
            while "audit query" not in greeting:
                line = process.stdout.readline()
                assert line, process.stderr.read()
                greeting += line
            yield process, greeting
        finally:
            process.kill()


def test_the_demo_opens_with_one_address_and_leaves_nothing():
    with running_demo() as (process, greeting):
        addresses = re.findall(r"https?://\S+", greeting)
        assert len(addresses) == 1
        with Person(addresses[0], "U0RITA") as rita, Control(addresses[0]) as control:
            assert rita.command("C0NUMBERS", "/number search US local 415").error is None
            answer = rita.wait_for(lambda _: [m for m in rita.messages("C0NUMBERS") if m.buttons])
            assert "415" in answer[0].words
            assert control.log("refused") == []
        query = next(line.strip() for line in greeting.splitlines() if "audit query" in line)
        folder = Path(re.search(r"cd (\S+);", query)[1])
        told = subprocess.run(query, shell=True, cwd="/", capture_output=True, text=True, check=True)  # noqa: S602
        assert "U0RITA" in told.stdout
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - asked < 3.5
        assert not folder.exists()
        assert "Traceback" not in process.stderr.read()


def test_a_demo_that_is_killed_leaves_no_process():
    with running_demo() as (process, greeting):
        page = int(re.search(r"http://127.0.0.1:(\d+)", greeting)[1])
        assert answers(page, "/healthz")
        process.kill()
        process.stderr.read()  # ends when the last process that holds it has ended
        assert not answers(page, "/healthz")


def test_a_process_that_ends_ends_the_demo_with_a_clear_line(tmp_path):
    with Children() as children:
        children.start("The bot", [sys.executable, "-c", "raise SystemExit(3)"], cwd=tmp_path, env={})
        with pytest.raises(ChildEnded, match=r"The bot ended \(exit code 3\)"):
            children.wait_until_ready("The bot", 9, "/readyz", lambda: True)


def test_a_stubborn_process_is_stopped_in_time(tmp_path):
    with Children() as children:
        children.start("One", [sys.executable, "-c", STUBBORN], cwd=tmp_path, env={})
        children.start("Two", ENDLESS, cwd=tmp_path, env={})
        started = time.monotonic()
        children.stop()
        assert time.monotonic() - started < 3


def test_the_wanted_port_is_taken_if_it_is_free(monkeypatch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("DEMO_PORT", str(port))
        assert demo.make_world(tmp_path).page_port != port
    assert demo.make_world(tmp_path).page_port == port


def test_each_world_has_ports_and_secrets_of_its_own(tmp_path):
    one, two = demo.make_world(tmp_path), demo.make_world(tmp_path)
    assert one.signing_secret != two.signing_secret
    assert len({one.page_port, one.plivo_port, one.bot_port}) == 3
    assert one.bot_token.startswith("xoxb-")


def test_the_minder_ends_what_nobody_said_was_done():
    assert minder.orphans(["watch 11\n", "watch 12\n"]) == [11, 12]
    assert minder.orphans(["watch 11\n", "done\n"]) == []
    assert minder.orphans([]) == []


def test_the_policy_of_the_demo_is_in_order():
    loaded = read_policy(demo.POLICY)
    assert [rule.name for rule in loaded.policy.rules][-1] == "everything else"
    assert warnings(loaded.policy) == ()


def test_a_stand_in_alone_says_when_its_port_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = subprocess.run(
            [sys.executable, "-m", "sandbox", "slack", "--port", port],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert told.returncode == 1
    assert "not to be had" in told.stderr


def test_unknown_words_are_a_wrong_usage():
    told = subprocess.run(
        [sys.executable, "-m", "sandbox", "zulip"], cwd=ROOT, capture_output=True, check=False
    )
    assert told.returncode == 2
