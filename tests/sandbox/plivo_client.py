"""A stand-in of Plivo on a real port, and the few calls that its tests make."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from sandbox.plivo.app import create_app
from sandbox.serving import serve_in_thread

AUTH = ("MAEXAMPLEACCOUNT0001", "an-invented-token")


@dataclass
class Client:
    url: str
    session: requests.Session
    auth: tuple[str, str] = AUTH

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        address = f"{self.url}/v1/Account/{self.auth[0]}/{path}"
        return self.session.request(method, address, auth=self.auth, timeout=more.pop("timeout", 10), **more)

    def search(self, **asked: Any) -> requests.Response:
        return self.call("GET", "PhoneNumber/", params={"country_iso": "US"} | asked)

    def found(self, **asked: Any) -> list[dict[str, Any]]:
        """All pages of a search; fails if they repeat a number or leave one out."""
        rows: list[dict[str, Any]] = []
        answer = self.search(**asked).json()
        rows += answer["objects"]
        while address := answer["meta"]["next"]:
            answer = self.session.get(self.url + address, auth=self.auth, timeout=10).json()
            rows += answer["objects"]
        assert len({row["number"] for row in rows}) == len(rows) == answer["meta"]["total_count"]
        return rows

    def first(self, **asked: Any) -> str:
        return str(self.search(**asked, limit=1).json()["objects"][0]["number"])

    def buy(self, number: str, /, timeout: float = 10, **body: Any) -> requests.Response:
        return self.call("POST", f"PhoneNumber/{number}/", json=body, timeout=timeout)

    def ours(self, number: str) -> bool:
        return self.call("GET", f"Number/{number}/").status_code == 200

    def held(self) -> set[str]:
        """Every number that the account holds, by its list."""
        rows: list[dict[str, Any]] = []
        while True:
            page = self.call("GET", "Number/", params={"limit": 20, "offset": len(rows)}).json()
            rows += page["objects"]
            if not page["objects"] or len(rows) >= page["meta"]["total_count"]:
                return {row["number"] for row in rows}

    def control(self, method: str, path: str, expect: int = 200, **more: Any) -> Any:
        answer = self.session.request(method, f"{self.url}/{path}", timeout=10, **more)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def spoil(self, match: str, do: dict[str, Any], **more: Any) -> None:
        self.control("POST", "sandbox/faults", 201, json=[{"match": match, "do": do, **more}])


@contextmanager
def stand_in(*, stock: Path | None = None, numbers: int = 2_000) -> Iterator[Client]:
    with (
        serve_in_thread(create_app(*AUTH, stock=stock, numbers=numbers)) as served,
        requests.Session() as session,
    ):
        session.trust_env = False
        yield Client(served.url, session)
