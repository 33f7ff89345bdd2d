"""Faults over a real socket, and the hands that reach into the stand-in."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox.plivo_client import AUTH, Client, stand_in

SHORT = 0.3
"""Seconds after which a client of these tests gives up."""


@pytest.fixture(scope="module")
def served():
    with stand_in(numbers=500) as client:
        yield client


@pytest.fixture
def plivo(served):
    served.control("POST", "sandbox/reset", 204)
    return served


@pytest.fixture
def number(plivo):
    return plivo.first(pattern="415")


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as executor:
        yield executor


def _apart(plivo, number):
    """A buy on a connection of its own, for threads."""
    with requests.Session() as session:
        session.trust_env = False
        return Client(plivo.url, session).buy(number)


def test_a_status_is_answered_without_effect(plivo, number):
    headers = {"Retry-After": "7"}
    plivo.spoil("buy", {"status": 429, "body": {"error": "slow down"}, "headers": headers}, times=1)
    answer = plivo.buy(number)
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (
        429,
        {"error": "slow down"},
        "7",
    )
    assert not plivo.ours(number)
    assert plivo.buy(number).status_code == 201


def test_an_effect_may_be_followed_by_a_wrong_answer(plivo, number):
    plivo.spoil("buy", {"effect_then": {"status": 502, "body": ""}}, times=1)
    answer = plivo.buy(number)
    assert (answer.status_code, answer.content) == (502, b"")
    assert plivo.ours(number)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_reset_comes_before_or_after_the_effect(plivo, number, when):
    plivo.spoil("buy", {"reset": when}, times=1)
    with pytest.raises(requests.ConnectionError, match="reset"):
        plivo.buy(number)
    assert plivo.ours(number) is (when == "after")


@pytest.mark.parametrize("when", ["before", "after"])
def test_silence_lasts_until_the_client_leaves(plivo, number, when):
    plivo.spoil("buy", {"silent": when}, times=1)
    with pytest.raises(requests.ReadTimeout):
        plivo.buy(number, timeout=SHORT)
    assert plivo.ours(number) is (when == "after")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_late_answer_may_come_before_or_after_the_effect(plivo, number, when):
    plivo.spoil("buy", {"delay": 3 * SHORT, "at": when}, times=1)
    with pytest.raises(requests.ReadTimeout):
        plivo.buy(number, timeout=SHORT)
    assert plivo.ours(number) is (when == "after")


def test_a_page_of_html_is_no_json_and_has_no_effect(plivo, number):
    plivo.spoil("buy", {"html": True}, times=1)
    answer = plivo.buy(number)
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert not plivo.ours(number)


def test_an_answer_may_be_cut_in_the_middle(plivo, number):
    plivo.spoil("buy", {"cut": True}, times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        plivo.buy(number)
    assert plivo.ours(number)


def test_a_pending_purchase_is_ordered_for_any_number(plivo, number):
    plivo.spoil("buy", {"pending": True}, times=1)
    assert plivo.buy(number).json()["numbers"] == [{"number": number, "status": "pending"}]
    assert plivo.call("GET", f"Number/{number}/").json()["active"] is False
    state = plivo.control("POST", f"sandbox/numbers/{number}", json={"active": True})
    assert (state["ours"], state["active"]) == (True, True)


def test_a_rented_number_may_be_seen_late(plivo, number):
    plivo.buy(number)
    plivo.spoil("rented", {"lag": 3600}, times=1)
    assert not plivo.ours(number)
    assert plivo.ours(number)
    plivo.spoil("list", {"lag": 3600}, times=1)
    assert plivo.call("GET", "Number/").json()["meta"]["total_count"] == 3
    plivo.spoil("rented", {"lag": 0.000001})
    assert plivo.ours(number)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_held_buy_waits_for_its_release(plivo, number, pool, when):
    plivo.spoil("buy", {"hold": "gate", "at": when}, times=1)
    buying = pool.submit(_apart, plivo, number)
    held = plivo.control("GET", "sandbox/held?wait=gate&timeout=5")
    assert [(call["name"], call["kind"], call["number"]) for call in held] == [("gate", "buy", number)]
    assert plivo.ours(number) is (when == "after")
    assert not buying.done()
    assert plivo.control("POST", "sandbox/release/gate") == {"released": 1}
    assert buying.result(5).status_code == 201
    assert plivo.control("GET", "sandbox/held") == []


def test_several_may_wait_and_all_are_released(plivo, number, pool):
    plivo.spoil("buy", {"hold": "gate", "at": "before"})
    buys = [pool.submit(_apart, plivo, number) for _ in range(3)]
    assert len(plivo.control("GET", "sandbox/held?wait=gate&timeout=5&count=3")) == 3
    assert plivo.control("POST", "sandbox/release/gate") == {"released": 3}
    assert sorted(buy.result(5).status_code for buy in buys) == [201, 404, 404]


def test_a_held_buy_has_its_effect_even_if_its_client_left(plivo, number):
    plivo.spoil("buy", {"hold": "gate", "at": "before"}, times=1)
    with pytest.raises(requests.ReadTimeout):
        plivo.buy(number, timeout=SHORT)
    assert not plivo.ours(number)
    plivo.control("POST", "sandbox/release/gate")
    assert plivo.control("GET", "sandbox/held") == []
    assert plivo.ours(number)


def test_a_reset_sends_the_waiting_away_without_effect(plivo, number, pool):
    plivo.spoil("buy", {"hold": "gate", "at": "before"}, times=1)
    buying = pool.submit(_apart, plivo, number)
    plivo.control("GET", "sandbox/held?wait=gate")
    plivo.control("POST", "sandbox/reset", 204)
    with pytest.raises(requests.ConnectionError):
        buying.result(5)
    assert not plivo.ours(number)


def test_waiting_for_somebody_who_does_not_come_ends(plivo):
    plivo.control("GET", "sandbox/held?wait=nobody&timeout=0.05", 408)


def test_a_rule_is_for_one_kind_and_one_number(plivo, number):
    plivo.spoil("buy", {"status": 500}, number=f"+{number}")
    other = plivo.search(pattern="415", limit=2).json()["objects"][1]["number"]
    assert plivo.search().status_code == 200
    assert plivo.buy(other).status_code == 201
    assert plivo.buy(number).status_code == 500


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("search", "PhoneNumber/?country_iso=US"),
        ("list", "Number/"),
        ("account", ""),
        ("any", "Pricing/?country_iso=US"),
    ],
)
def test_a_rule_may_be_for_every_kind_of_call(plivo, kind, path):
    plivo.spoil(kind, {"status": 503}, times=2)
    assert [plivo.call("GET", path).status_code for _ in range(3)] == [503, 503, 200]


def test_rules_last_until_they_are_cleared(plivo):
    plivo.spoil("any", {"status": 500})
    assert [plivo.search().status_code for _ in range(3)] == [500, 500, 500]
    assert len(plivo.control("GET", "sandbox/faults")) == 1
    plivo.control("DELETE", "sandbox/faults", 204)
    assert plivo.search().status_code == 200


@pytest.mark.parametrize(
    "rule",
    [
        {"match": "byu", "do": {"status": 500}},
        {"match": "buy", "do": {"stauts": 500}},
        {"match": "buy", "do": {"reset": "during"}},
        {"match": "buy", "do": {"status": 500}, "time": 1},
        {"match": "buy", "do": {"status": 500}, "times": "once"},
        {"match": "buy"},
        "buy",
    ],
)
def test_a_rule_with_a_slip_is_refused_with_a_reason(plivo, rule):
    assert plivo.control("POST", "sandbox/faults", 400, json=[rule])["error"]
    assert plivo.control("GET", "sandbox/faults") == []


def test_the_log_has_every_call_and_no_credentials(plivo, number):
    plivo.control("DELETE", "sandbox/log", 204)
    plivo.search(pattern="415")
    plivo.buy(number, app_id="64529074997228907")
    plivo.spoil("rented", {"reset": "before"}, times=1)
    with pytest.raises(requests.ConnectionError):
        plivo.call("GET", f"Number/{number}/")
    log = plivo.control("GET", "sandbox/log")
    assert [(entry["kind"], entry["status"]) for entry in log] == [
        ("search", 200),
        ("buy", 201),
        ("rented", None),
    ]
    assert log[0]["query"] == {"country_iso": "US", "pattern": "415"}
    assert plivo.control("GET", "sandbox/log?kind=buy") == [log[1]]
    assert (log[1]["body"], log[1]["number"]) == ({"app_id": "64529074997228907"}, number)
    assert AUTH[1] not in str(log)


def test_a_price_may_change_between_search_and_buy(plivo, number):
    plivo.control("PUT", f"sandbox/numbers/{number}", json={"monthly": "1.2", "setup": "3"})
    row = plivo.search(pattern=number[1:]).json()["objects"][0]
    assert (row["monthly_rental_rate"], row["setup_rate"]) == ("1.20000", "3.00000")
    plivo.buy(number)
    plivo.control("PUT", f"sandbox/numbers/{number}", json={"monthly": "2.00000"})
    assert plivo.call("GET", f"Number/{number}/").json()["monthly_rental_rate"] == "2.00000"


def test_a_number_may_be_gone_taken_or_ours(plivo, number):
    path = f"sandbox/numbers/{number}"
    plivo.control("PUT", path, json={"gone": True})
    assert plivo.search(pattern=number[1:]).json()["objects"] == []
    assert plivo.buy(number).status_code == 404
    plivo.control("PUT", path, json={"gone": False, "taken": True})
    assert plivo.search(pattern=number[1:]).json()["objects"] != []
    assert plivo.buy(number).status_code == 404
    plivo.control("PUT", path, json={"taken": False, "ours": True})
    assert plivo.ours(number)
    state = plivo.control("PUT", path, json={"ours": False})
    assert not state["ours"]
    assert plivo.control("GET", path) == state
    assert plivo.buy(number).status_code == 201


def test_a_wrong_change_is_refused(plivo, number):
    plivo.control("PUT", f"sandbox/numbers/{number}", 400, json={"monthly": "much"})
    plivo.control("PUT", f"sandbox/numbers/{number}", 400, json={"colour": "red"})
    plivo.control("PUT", "sandbox/numbers/1", 404, json={"gone": True})


def test_a_reset_makes_everything_new(plivo, number):
    plivo.buy(number)
    plivo.spoil("any", {"status": 500})
    plivo.control("POST", "sandbox/reset", 204)
    assert plivo.control("GET", "sandbox/log") == []
    assert plivo.first(pattern="415") == number
    assert not plivo.ours(number)


def test_the_program_says_its_address_and_stops_on_sigterm():
    program = f"from sandbox.plivo.serve import run; run(0, {AUTH[0]!r}, {AUTH[1]!r}, None)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address)
        with requests.Session() as session:
            session.trust_env = False
            assert session.get(f"{address}/healthz", timeout=10).json() == {"ok": True}
            assert Client(address, session).search().status_code == 200
            os.kill(process.pid, signal.SIGTERM)
            process.wait(timeout=3)
