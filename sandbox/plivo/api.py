"""The methods of the API, each one function from a call to an answer."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.plivo import wire
from sandbox.plivo.call import JSON, Answer, Call, Refusal, not_found
from sandbox.plivo.geography import COUNTRIES
from sandbox.plivo.paging import page
from sandbox.plivo.search import find
from sandbox.plivo.world import Order, World

_EXACT = {
    "type": "number_type",
    "alias": "alias",
    "subaccount": "sub_account",
    "cnam_lookup": "cnam_lookup",
    "renewal_date": "renewal_date",
    "tendlc_registration_status": "tendlc_registration_status",
    "tendlc_campaign_id": "tendlc_campaign_id",
    "toll_free_sms_verification": "toll_free_sms_verification",
}
_RENEWAL: dict[str, Callable[[str, str], bool]] = {
    "renewal_date__gt": lambda day, bound: day > bound,
    "renewal_date__gte": lambda day, bound: day >= bound,
    "renewal_date__lt": lambda day, bound: day < bound,
    "renewal_date__lte": lambda day, bound: day <= bound,
}


@dataclass(frozen=True)
class Asked:
    """A call whose sender is known: `subaccount` is None for the main account."""

    world: World
    call: Call
    subaccount: str | None
    key: str
    lag: float = 0
    pending: bool = False

    @property
    def auth_id(self) -> str:
        return self.subaccount or self.world.auth_id


Method = Callable[[Asked], Answer]


def search(asked: Asked) -> Answer:
    found = find(asked.call, asked.world.offered(), asked.world.papers())
    return page(asked.call, found, lambda number: wire.offered(asked.auth_id, number))


def buy(asked: Asked) -> Answer:
    # Plivo lets subaccounts search and tells them "not found" when they buy.
    if asked.subaccount is not None:
        raise not_found()
    given = asked.call.fields()
    order = Order(
        number=asked.key,
        app_id=given.get("app_id"),
        subaccount=given.get("subaccount"),
        cnam_lookup=given.get("cnam_lookup"),
        compliance_id=given.get("compliance_application_id"),
        pending=asked.pending,
    )
    return Answer(201, wire.bought(asked.world.buy(order)))


def rented_list(asked: Asked) -> Answer:
    mine = list(asked.world.all_mine(asked.subaccount, asked.lag))
    if all(name in {"limit", "offset"} for name, _ in asked.call.query):
        # only what is shown is written: an account may hold ten thousand
        return page(asked.call, mine, lambda rented: wire.owned(asked.world, rented))
    rows = [wire.owned(asked.world, rented) for rented in mine]
    return page(asked.call, [row for row in rows if _is_meant(asked.call, row)], lambda row: row)


def _is_meant(call: Call, row: JSON) -> bool:
    exact = all(row[name] == call.value(ask) for ask, name in _EXACT.items() if call.value(ask))
    begins = row["number"].startswith(call.value("number_startswith") or "")
    services = ",".join(call.values("services")).split(",") if call.values("services") else []
    can = all(row.get(f"{service}_enabled") for service in services)
    renewal = all(
        test(row["renewal_date"], call.value(ask) or "") for ask, test in _RENEWAL.items() if call.value(ask)
    )
    return exact and begins and can and renewal


def rented_one(asked: Asked) -> Answer:
    return Answer(200, wire.owned(asked.world, asked.world.mine(asked.key, asked.subaccount, asked.lag)))


def update(asked: Asked) -> Answer:
    rented, given = asked.world.mine(asked.key, asked.subaccount), asked.call.fields()
    asked.world.check_options(given.get("app_id"), given.get("subaccount"), given.get("cnam_lookup"))
    rented.app_id = given.get("app_id", rented.app_id)
    rented.subaccount = given.get("subaccount", rented.subaccount)
    rented.cnam_lookup = given.get("cnam_lookup", rented.cnam_lookup)
    rented.compliance_id = given.get("compliance_application_id", rented.compliance_id)
    rented.alias = given.get("alias", rented.alias) or None
    return Answer(202, {"message": "changed"})


def release(asked: Asked) -> Answer:
    asked.world.release(asked.key, asked.subaccount)
    return Answer(204, None)


def account(asked: Asked) -> Answer:
    return Answer(200, wire.account(asked.world) | {"auth_id": asked.auth_id})


def applications(asked: Asked) -> Answer:
    begins = asked.call.value("app_name") or ""
    found = [app for app in asked.world.applications if app.name.startswith(begins)]
    return page(asked.call, found, lambda app: wire.application(asked.auth_id, app))


def application(asked: Asked) -> Answer:
    for app in asked.world.applications:
        if app.app_id == asked.key:
            return Answer(200, wire.application(asked.auth_id, app))
    raise not_found()


def subaccounts(asked: Asked) -> Answer:
    mine = asked.world.subaccounts if asked.subaccount is None else []
    return page(asked.call, mine, lambda sub: wire.subaccount(asked.auth_id, sub))


def subaccount(asked: Asked) -> Answer:
    for sub in asked.world.subaccounts:
        if sub.auth_id == asked.key and asked.subaccount in {None, asked.key}:
            return Answer(200, wire.subaccount(asked.auth_id, sub))
    raise not_found()


def pricing(asked: Asked) -> Answer:
    country = COUNTRIES.get(asked.call.value("country_iso") or "")
    if country is None:
        raise Refusal(400, "country_iso parameter is missing or invalid")
    return Answer(200, wire.pricing(country))


def compliance(asked: Asked) -> Answer:
    """List papers as the newer API does: under `compliances`, not `objects`."""
    rows = [wire.compliance_v2(paper) for paper in asked.world.compliance]
    return page(asked.call, _filtered(asked.call, rows), lambda row: row, key="compliances")


def compliance_one(asked: Asked) -> Answer:
    for paper in asked.world.compliance:
        if paper.id == asked.key:
            return Answer(200, {"compliance": wire.compliance_v2(paper)})
    raise not_found()


def compliance_applications(asked: Asked) -> Answer:
    rows = [wire.compliance_v1(paper) for paper in asked.world.compliance]
    return page(asked.call, _filtered(asked.call, rows), lambda row: row)


def _filtered(call: Call, rows: list[JSON]) -> list[JSON]:
    wanted = {name: value for name, value in call.query if value and rows and name in rows[0]}
    return [row for row in rows if wanted.items() <= row.items()]


@dataclass(frozen=True)
class Route:
    """A method of the API and the word by which faults and the log call it."""

    method: str
    path: re.Pattern[str]
    kind: str
    act: Method


def _route(method: str, path: str, kind: str, act: Method) -> Route:
    return Route(method, re.compile(path.replace("{key}", "(?P<key>[^/]+)")), kind, act)


_ROUTES = (
    # Before PhoneNumber/{key}/, whose shape it shares.
    _route("GET", "PhoneNumber/Compliance/", "compliance", compliance),
    _route("GET", "PhoneNumber/Compliance/{key}/", "compliance", compliance_one),
    _route("GET", "PhoneNumber/", "search", search),
    _route("POST", "PhoneNumber/{key}/", "buy", buy),
    _route("GET", "Number/", "list", rented_list),
    _route("GET", "Number/{key}/", "rented", rented_one),
    _route("POST", "Number/{key}/", "update", update),
    _route("DELETE", "Number/{key}/", "release", release),
    _route("GET", "", "account", account),
    _route("GET", "Application/", "applications", applications),
    _route("GET", "Application/{key}/", "applications", application),
    _route("GET", "Subaccount/", "subaccounts", subaccounts),
    _route("GET", "Subaccount/{key}/", "subaccounts", subaccount),
    _route("GET", "Pricing/", "pricing", pricing),
    _route("GET", "ComplianceApplication/", "compliance", compliance_applications),
)
KINDS = frozenset(route.kind for route in _ROUTES)


@dataclass(frozen=True)
class Aim:
    """What a call is about, before anybody has looked at who sends it."""

    account: str
    route: Route | None
    key: str
    path_exists: bool

    @property
    def kind(self) -> str:
        return self.route.kind if self.route else "unknown"


def aim(call: Call) -> Aim:
    """Find the method that a call means; Plivo's paths all end with a slash."""
    parts = re.fullmatch(r"/v1/Account/(?P<account>[^/]+)/(?P<rest>.*)", call.path)
    if parts is None:
        return Aim("", None, "", path_exists=False)
    hits = [(route, hit) for route in _ROUTES if (hit := route.path.fullmatch(parts["rest"]))]
    for route, hit in hits:
        if route.method == call.method:
            return Aim(parts["account"], route, hit.groupdict().get("key", ""), path_exists=True)
    return Aim(parts["account"], None, "", path_exists=bool(hits))


def perform(world: World, call: Call, at: Aim, *, lag: float = 0, pending: bool = False) -> Answer:
    """Do what a call asks for and say what Plivo would say; refusals are answers too."""
    try:
        who = _sender(world, call, at.account)
        if at.route is None:
            raise Refusal(405, "method not allowed") if at.path_exists else not_found()
        subaccount = None if who == world.auth_id else who
        return at.route.act(Asked(world, call, subaccount, at.key, lag, pending))
    except Refusal as refusal:
        return Answer(refusal.status, {"error": refusal.text})


def _sender(world: World, call: Call, account: str) -> str:
    name, token = _basic(call.authorization)
    known = {world.auth_id: world.auth_token}
    known |= {sub.auth_id: sub.auth_token for sub in world.subaccounts if sub.enabled}
    if not secrets.compare_digest(known.get(name, ""), token) or not token or name != account:
        raise Refusal(401, "authentication credentials were not provided or are incorrect")
    return name


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        plain = base64.b64decode(encoded, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        plain = ""
    if scheme.lower() != "basic" or ":" not in plain:
        raise Refusal(401, "authentication credentials were not provided")
    name, _, token = plain.partition(":")
    return name, token
