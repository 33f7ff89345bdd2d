"""The policy as its file says it: the tables and their keys (docs/policy.md). What they mean: `rules`."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from bot.model.policy_keys import (
    CannedReason,
    Channel,
    Country,
    Duration,
    KindOfNumber,
    Person,
    PersonOrGroup,
    Usd,
    non_empty,
)

Place = tuple[str | int, ...]  #: where in the file: ("rules", 2, "max_monthly")
Group = str  #: the id of a user group


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Approvals(_Table):
    """`[approvals]`: where requests are posted, who may decide them, and when somebody is reminded."""

    channel: Channel | None = None
    approvers: Annotated[tuple[PersonOrGroup, ...] | None, non_empty] = None
    notify: Annotated[tuple[PersonOrGroup, ...] | None, non_empty] = None
    allow_self_approval: StrictBool = False
    expires_after: Duration | None = None
    remind_after: Duration | None = None
    escalate_after: Duration | None = None
    escalate_to: Annotated[tuple[PersonOrGroup, ...] | None, non_empty] = None
    deny_reasons: Annotated[tuple[CannedReason, ...] | None, Field(max_length=20), non_empty] = None

    @property
    def pinged(self) -> tuple[str, ...]:
        """Who is pinged when a request comes; who may decide is another matter."""
        return self.notify if self.notify is not None else self.approvers or ()

    def called_for(self, event: str) -> tuple[str, ...]:
        """Who is pinged when this happens to a request; nobody for what only has to be known."""
        match event.partition("-")[0]:  # reminders are counted: reminder-2
            case "asked" | "reminder" | "repriced" | "needs_human":
                return self.pinged
            case "escalated":
                return self.escalate_to or ()
            case "break_glass":
                return (*self.pinged, *(self.escalate_to or ()))
        return ()

    @field_validator("escalate_to")
    @classmethod
    def _escalates_some_time(
        cls, value: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        # A key that is itself wrong is missing from info.data, and has its own reason already.
        if value is not None and info.data.get("escalate_after", ...) is None:
            raise ValueError("needs escalate_after, which says when")
        return value


class Rule(_Table):
    """One of `[[rules]]`: the first that matches decides. A key that is left out matches everything."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    countries: Annotated[tuple[Country, ...] | None, non_empty] = None
    types: Annotated[tuple[KindOfNumber, ...] | None, non_empty] = None
    min_monthly: Usd | None = None  #: USD a month, this price included
    max_monthly: Usd | None = None  #: USD a month, this price included
    requesters: Annotated[tuple[PersonOrGroup, ...] | None, non_empty] = None
    channel: Channel | None = None  #: where its requests are posted; left out: that of `[approvals]`
    approvals: Annotated[StrictInt | None, Field(ge=0, le=100)] = None
    deny: Annotated[str | None, Field(min_length=1, max_length=500, validate_default=True)] = None
    confirm_by_typing: StrictBool = False

    @field_validator("max_monthly")
    @classmethod
    def _leaves_room(cls, value: Decimal | None, info: ValidationInfo) -> Decimal | None:
        least = info.data.get("min_monthly")
        if value is not None and least is not None and least > value:
            raise ValueError(f"{value} is less than min_monthly, {least}: no price can match")
        return value

    @field_validator("deny")
    @classmethod
    def _says_yes_or_no(cls, value: str | None, info: ValidationInfo) -> str | None:
        approvals = info.data.get("approvals", ...)
        if value is None and approvals is None:
            raise ValueError("is missing, and so is approvals: a rule needs one of the two")
        if value is not None and isinstance(approvals, int):
            raise ValueError("excludes approvals: a rule has one of the two")
        return value


class Budgets(_Table):
    """`[budgets]`: USD of set-up fees plus first months that may be committed in a calendar month (UTC)."""

    workspace: Usd | None = None
    per_user: Usd | None = None
    raised_by: Annotated[tuple[PersonOrGroup, ...] | None, non_empty] = None  #: who can be asked for more


class BreakGlass(_Table):
    """`[break_glass]`: who may buy without approval, with a written reason and a loud notice."""

    users: Annotated[tuple[Person, ...], non_empty]


class People(_Table):
    """`[people]`: who may request besides the workspace's own members."""

    guests: StrictBool = False
    other_workspaces: StrictBool = False


class AuditRules(_Table):
    """`[audit]`: who may read all of the log, and how long it is kept in the database."""

    auditors: Annotated[tuple[PersonOrGroup, ...] | None, non_empty] = None  #: left out: the approvers
    keep_years: Annotated[StrictInt | None, Field(ge=1, le=100)] = None


class Policy(_Table):
    """The whole policy. It cannot contradict itself: pydantic's ValidationError says where it does."""

    approvals: Approvals = Approvals()
    rules: tuple[Rule, ...] = ()
    budgets: Budgets = Budgets()
    people: People = People()
    break_glass: BreakGlass | None = None
    audit: AuditRules = AuditRules()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        found = [
            InitErrorDetails(
                type=PydanticCustomError("contradiction", "{reason}", {"reason": why}), loc=at, input=None
            )
            for at, why in contradictions(self.approvals, self.rules)
        ]
        if found:
            raise ValidationError.from_exception_data("Policy", found)
        return self


def contradictions(approvals: Approvals | None, rules: Sequence[Rule | None]) -> Iterator[tuple[Place, str]]:
    """Where tables that are fine by themselves do not fit together; None stands for one that is not fine."""
    yield from _same_names(rules)
    most = max((rule.approvals or 0 for rule in rules if rule), default=0)
    if approvals is None or not most:
        return
    if approvals.channel is None and any(rule and rule.approvals and not rule.channel for rule in rules):
        yield ("approvals", "channel"), "is missing: a rule asks for approval, so it must be posted somewhere"
    if approvals.approvers is None:
        yield ("approvals", "approvers"), "is missing: a rule asks for approval, so somebody must give it"
    elif (people := _countable(approvals.approvers)) is not None and people < most:
        yield ("approvals", "approvers"), f"names {people}, but a rule asks for {most} approvals"


def _same_names(rules: Sequence[Rule | None]) -> Iterator[tuple[Place, str]]:
    seen: dict[str, int] = {}
    for index, rule in enumerate(rules):
        if rule is None:
            continue
        first = seen.setdefault(rule.name.casefold(), index)
        if first != index:
            yield ("rules", index, "name"), f'"{rule.name}" is the name of rules[{first}] already'


def _countable(listed: Sequence[str]) -> int | None:
    """How many people are listed; None if there are groups, whose size is not the file's to know."""
    return None if any(map(is_group, listed)) else len(set(listed))


def is_group(entry: str) -> bool:
    """Whether an entry of a list of people is a user group."""
    return entry.startswith("S")
