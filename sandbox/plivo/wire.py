"""How Plivo writes things: which fields, which are strings, and which are numbers."""

from __future__ import annotations

import calendar
from datetime import date
from decimal import Decimal

from sandbox.plivo.belongings import Application, Compliance, Subaccount
from sandbox.plivo.call import JSON
from sandbox.plivo.geography import Country
from sandbox.plivo.stock import StockNumber
from sandbox.plivo.tariffs import TARIFFS
from sandbox.plivo.world import Rented, World

_CREATED = "2024-05-22"


def account_path(auth_id: str) -> str:
    return f"/v1/Account/{auth_id}/"


def rate(amount: Decimal) -> str:
    return f"{amount:.5f}"


def offered(auth_id: str, number: StockNumber) -> JSON:
    """Write a number of a search; `lata` is a whole number, rates are strings, the country is its name."""
    return {
        "number": number.number,
        "prefix": number.prefix,
        "city": number.city,
        "country": number.country.upper(),
        "region": number.wire_region,
        "rate_center": number.rate_center,
        "lata": number.lata,
        "type": number.type,
        "sub_type": number.sub_type,
        "setup_rate": number.setup,
        "monthly_rental_rate": number.monthly,
        "sms_enabled": "sms" in number.services,
        "sms_rate": number.sms_rate,
        "mms_enabled": "mms" in number.services,
        "mms_rate": number.mms_rate,
        "voice_enabled": "voice" in number.services,
        "voice_rate": number.voice_rate,
        "restriction": number.restriction,
        "restriction_text": number.restriction_text,
        "prerequisites": _prerequisites(number),
        "compliance_requirement": None,
        "resource_uri": f"{account_path(auth_id)}PhoneNumber/{number.number}/",
    }


def _prerequisites(number: StockNumber) -> list[JSON]:
    if number.restriction not in {"city-address", "country-address"}:
        return []
    scope = number.restriction.partition("-")[0]
    return [{"proof_required": True, "proof_type": ["Any"], "scope": scope, "type": "address"}]


def bought(rented: Rented) -> JSON:
    """Write the answer to a buy: the top says `fulfilled` even if the number itself is pending."""
    status = "Success" if rented.active else "pending"
    return {
        "message": "created",
        "numbers": [{"number": rented.stock.number, "status": status}],
        "status": "fulfilled",
    }


def owned(world: World, rented: Rented) -> JSON:
    """Write a rented number, as the list and the single look-up show it."""
    number, base = rented.stock, account_path(world.auth_id)
    added = rented.added_at.date()
    names = {sub.auth_id: sub.name for sub in world.subaccounts}
    return {
        "active": rented.active,
        "added_on": added.isoformat(),
        "alias": rented.alias,
        "application": f"{base}Application/{rented.app_id}/" if rented.app_id else None,
        "caller_reputation_status": None,
        "carrier": "Plivo",
        "city": number.city,
        "cnam_lookup": rented.cnam_lookup,
        "compliance_application_id": rented.compliance_id,
        "compliance_status": rented.compliance_status,
        "country": number.country,
        "mms_enabled": "mms" in number.services,
        "mms_rate": number.mms_rate,
        "monthly_rental_rate": number.monthly,
        "number": number.number,
        "number_type": number.sub_type,
        "profile_uuid": None,
        "region": number.wire_region,
        "renewal_date": _a_month_later(added).isoformat(),
        "resource_uri": f"{base}Number/{number.number}/",
        "sms_enabled": "sms" in number.services,
        "sms_rate": number.sms_rate,
        "sub_account": rented.subaccount,
        "sub_account_name": names.get(rented.subaccount or ""),
        "tendlc_campaign_id": None,
        "tendlc_registration_status": "UNREGISTERED" if number.country_iso == "US" else None,
        "toll_free_sms_verification": "unverified" if number.sub_type == "tollfree" else None,
        "voice_enabled": "voice" in number.services,
        "voice_rate": number.voice_rate,
    }


def _a_month_later(day: date) -> date:
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)  # noqa: PLR2004 - December
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def account(world: World) -> JSON:
    return {
        "account_type": "standard",
        "address": "1 Example Street",
        "auth_id": world.auth_id,
        "auto_recharge": False,
        "billing_mode": "prepaid",
        "cash_credits": rate(world.cash),
        "city": "Springfield",
        "name": "Example Ltd",
        "resource_uri": account_path(world.auth_id),
        "state": "",
        "timezone": "UTC",
    }


def application(auth_id: str, app: Application) -> JSON:
    return {
        "answer_method": "POST",
        "answer_url": "https://voice.example.com/answer",
        "app_id": app.app_id,
        "app_name": app.name,
        "default_app": app.default,
        "default_endpoint_app": False,
        "enabled": True,
        "fallback_answer_url": "",
        "fallback_method": "POST",
        "hangup_method": "POST",
        "hangup_url": "https://voice.example.com/hangup",
        "log_incoming_messages": True,
        "message_method": "POST",
        "message_url": "",
        "public_uri": False,
        "resource_uri": f"{account_path(auth_id)}Application/{app.app_id}/",
        "sip_uri": f"sip:{app.app_id}@app.plivo.com",
        "sub_account": None,
    }


def subaccount(auth_id: str, sub: Subaccount) -> JSON:
    """Write a subaccount; like Plivo's, it holds secrets, which clients must keep out of logs."""
    return {
        "account": account_path(auth_id),
        "auth_id": sub.auth_id,
        "auth_token": sub.auth_token,
        "created": _CREATED,
        "enabled": sub.enabled,
        "modified": None,
        "name": sub.name,
        "new_auth_token": sub.auth_token,
        "resource_uri": f"{account_path(auth_id)}Subaccount/{sub.auth_id}/",
    }


def compliance_v2(paper: Compliance) -> JSON:
    return {
        "compliance_id": paper.id,
        "alias": paper.alias,
        "status": paper.status,
        "country_iso": paper.country_iso,
        "number_type": paper.number_type,
        "user_type": "business",
        "created_at": f"{_CREATED}T09:00:00Z",
        "updated_at": f"{_CREATED}T15:00:00Z",
    }


def compliance_v1(paper: Compliance) -> JSON:
    """Write an item of the older list; no sample of it is published, so this is the smallest likely one."""
    return {
        "compliance_application_id": paper.id,
        "alias": paper.alias,
        "status": paper.status,
        "country_iso2": paper.country_iso,
        "number_type": paper.number_type,
        "end_user_type": "business",
        "created_at": f"{_CREATED}T09:00:00Z",
    }


def pricing(country: Country) -> JSON:
    numbers = {
        sub_type: {"rate": tariff.monthly}
        for (iso, sub_type), tariff in TARIFFS.items()
        if iso == country.iso
    }
    flat = {"rate": "0.01200"}
    return {
        "country": country.title,
        "country_code": int(country.calling_code),
        "country_iso": country.iso,
        "message": {
            "inbound": {"rate": "0.00000"},
            "outbound": {"rate": "0.00650"},
            "outbound_networks_list": [{"group_name": country.iso, "rate": "0.00650"}],
        },
        "phone_numbers": numbers,
        "voice": {
            "inbound": {
                "ip": {"rate": "0.00300"},
                "local": {"rate": "0.00850"},
                "tollfree": {"rate": "0.02100"},
            },
            "outbound": {
                "ip": {"rate": "0.00300"},
                "local": flat,
                "rates": [{"prefix": [country.calling_code], **flat}],
                "tollfree": {"rate": "0.00300"},
            },
        },
    }
