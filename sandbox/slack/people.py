"""What a person is to the workspace: a member, a guest, gone, or somebody of another workspace."""

from dataclasses import dataclass, field

from sandbox.slack.errors import ApiError
from sandbox.slack.world import BOT, DEMO, TEAM, Json, Member, Residents

GUESTS = ("", "multi", "single")


@dataclass(frozen=True)
class Standing:
    """`guest` is "multi", "single" or "" (none); `error` is what every look-up of this person answers.

    `stranger` is Slack's is_stranger: of another team, and in no channel that the app can see. Whoever is met
    in a shared channel has another team_id and is no stranger (reference of the user object).
    """

    guest: str = ""
    deleted: bool = False
    team: str = TEAM
    stranger: bool = False
    error: str = ""

    @property
    def is_external(self) -> bool:
        return self.team != TEAM


@dataclass
class People:
    """Who is what, as tests ordered it; everybody else is as the world says."""

    residents: Residents = DEMO
    _ordered: dict[str, Standing] = field(default_factory=dict)

    def of(self, user: str) -> Standing:
        known = self.residents.members.get(user)
        return self._ordered.get(user) or Standing(guest=known.guest if known else "")

    def order(self, user: str, order: Json) -> None:
        """Set what this person is; what is left out is as at the start. Raises ApiError."""
        if user not in self.residents.members or user == BOT.id:
            raise ApiError("user_not_found")
        team = str(order.get("team") or TEAM)
        guest = order.get("guest")
        if guest is None:
            guest = self.residents.members[user].guest
        if guest not in GUESTS:
            raise ApiError("unknown_guest")
        stranger = order.get("stranger")
        self._ordered[user] = Standing(
            guest=guest,
            deleted=order.get("deleted") is True,
            team=team,
            stranger=team != TEAM if stranger is None else bool(stranger),
            error=str(order.get("error") or ""),
        )

    def clear(self) -> None:
        self._ordered.clear()

    def known(self, user: str) -> Member:
        """The member whom users.info shows. Raises ApiError user_not_found, or what was ordered."""
        member = self.residents.members.get(user)
        if member is None:
            raise ApiError("user_not_found")
        if error := self.of(user).error:
            raise ApiError(error)
        return member
