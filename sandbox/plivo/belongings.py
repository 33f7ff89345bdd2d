"""What the account has from the start: applications, subaccounts, papers and three rented numbers."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.plivo.stock import StockNumber, from_wire


@dataclass(frozen=True)
class Application:
    app_id: str
    name: str
    default: bool = False


@dataclass(frozen=True)
class Subaccount:
    auth_id: str
    auth_token: str
    name: str
    enabled: bool


@dataclass(frozen=True)
class Compliance:
    """A compliance application: papers for one kind of number in one country."""

    id: str
    alias: str
    country_iso: str
    number_type: str
    status: str

    def fits(self, country_iso: str, number_type: str) -> bool:
        return (self.country_iso, self.number_type) == (country_iso, number_type)


def applications() -> list[Application]:
    return [
        Application("20468599130939380", "Support line", default=True),
        Application("13094892674577059", "Sales menu"),
        Application("64529074997228907", "Voicemail"),
    ]


def subaccounts() -> list[Subaccount]:
    return [
        Subaccount("SAMARKETINGDESK000001", "invented-token-of-marketing", "Marketing", enabled=True),
        Subaccount("SAOLDCAMPAIGNS0000002", "invented-token-of-campaigns", "Old campaigns", enabled=False),
    ]


def compliance() -> list[Compliance]:
    return [
        Compliance("6c1b4c5e-0f43-4f5b-9d0a-3a1d2c7e9b01", "Berlin office", "DE", "local", "accepted"),
        Compliance("6c1b4c5e-0f43-4f5b-9d0a-3a1d2c7e9b02", "London office", "GB", "local", "accepted"),
        Compliance("6c1b4c5e-0f43-4f5b-9d0a-3a1d2c7e9b03", "Mumbai office", "IN", "local", "rejected"),
    ]


def rented_from_the_start() -> list[tuple[StockNumber, str | None, str]]:
    """Give three numbers, each with its alias and the day on which it was rented (YYYY-MM-DD)."""
    new_york = {
        "number": "12125550142",
        "region": "New York",
        "city": "NEW YORK",
        "prefix": "212",
        "lata": 132,
    }
    toll_free = {"number": "18005550123", "sub_type": "tollfree", "prefix": "800"}
    london = {"number": "442079460018", "region": "England", "city": "LONDON", "prefix": "20"}
    return [
        (
            from_wire({**new_york, "country_iso": "US", "rate_center": "NWYRCYZN01"}),
            "Front desk",
            "2025-02-14",
        ),
        (from_wire({**toll_free, "country_iso": "US"}), "Support", "2025-06-01"),
        (from_wire({**london, "country_iso": "GB"}), None, "2025-09-30"),
    ]
