"""`/number …`: each word is one small function; what needs the network is done after the ack."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from slack_bolt import Ack, App

from bot.model.audit_words import parse_audit_words
from bot.model.errors import NotUnderstood
from bot.model.number_list import parse_numbers
from bot.model.numbers import parse_number
from bot.model.policy_words import ByNumber, ByPrice, ByRequest, parse_policy_words
from bot.model.request import Person
from bot.model.search import parse_search
from bot.model.search_clean import visible
from bot.usecases import explain, look_up
from bot.usecases import search as searching
from bot.usecases.budget import budget_sheet
from handlers import log
from handlers.errand import Reply, after_command
from handlers.parts import Body, Parts, unescape, where, who_acts
from handlers.ui import budget, lists, offers, policy, requests, timeline
from handlers.ui import help as helps
from handlers.ui.blocks import Block, message, section
from handlers.ui.form import search_form

RENTED_PAGE = 10
"""Rented numbers in one message."""


@dataclass(frozen=True, slots=True)
class Command:
    """One `/number …` with what its answer needs."""

    parts: Parts
    ack: Ack
    body: Body
    rest: str  #: what stands behind the word

    @property
    def person(self) -> Person:
        return who_acts(self.body)

    def later(self, work: Callable[[Reply], None]) -> None:
        after_command(self.parts, self.ack, self.body, work)

    def now(self, answer: Block) -> None:
        self.ack(**{key: answer[key] for key in ("text", "blocks")}, response_type="ephemeral")


def register(app: App, parts: Parts) -> None:
    app.command("/number")(partial(number, parts))


def number(parts: Parts, ack: Ack, body: Body) -> None:
    """Finds the word's own function; one that is not known gets the nearest."""
    text = visible(unescape(str(body.get("text") or ""))).replace("\N{NO-BREAK SPACE}", " ").strip()
    word, rest = (*text.split(None, 1), "", "")[:2]
    command = Command(parts, ack, body, rest.strip())
    verb = WORDS.get(word.lower())
    if verb is None:
        command.now(helps.unknown(word))
        return
    try:
        verb(command)
    except NotUnderstood as problem:
        command.now(helps.not_understood(problem, word.lower()))


def _form(command: Command) -> None:
    view = search_form(channel=where(command.body))
    trigger = command.body["trigger_id"]
    command.later(lambda _: _open(command.parts, trigger, view))


def _open(parts: Parts, trigger: str, view: Block) -> None:
    parts.slack.views_open(trigger_id=trigger, view=view)


def _search(command: Command) -> None:
    if not command.rest:
        _form(command)
        return
    parse_search(command.rest)  # what is not understood is said at once
    command.later(partial(_find, command))


def _find(command: Command, reply: Reply) -> None:
    desk = command.parts.desk
    page = searching.search(desk, command.person, command.rest, channel=where(command.body))
    reply.say(offers.search_page(page))


def _buy(command: Command) -> None:
    wanted = parse_numbers(command.rest)
    command.later(partial(_offer, command, wanted))


def _offer(command: Command, wanted: tuple[str, ...], reply: Reply) -> None:
    found = searching.find(command.parts.desk, command.person, wanted, channel=where(command.body))
    reply.say(offers.found_numbers(found))


def _requests(command: Command) -> None:
    wanted = look_up.which_requests(command.rest)
    if isinstance(wanted, look_up.OneRequest):
        command.later(partial(_show_request, command, wanted.id))
    else:
        command.later(partial(_list_requests, command, wanted))


def _list_requests(command: Command, which: look_up.Which, reply: Reply) -> None:
    page = look_up.requests_page(command.parts.desk, command.person, which)
    reply.say(requests.requests_page(page))


def _show_request(command: Command, request_id: str, reply: Reply) -> None:
    outcome = look_up.timeline(command.parts.desk, command.person, request_id)
    if isinstance(outcome, look_up.NotTheirs):
        reply.say_text(timeline.not_theirs(outcome))
    else:
        reply.say(timeline.request_page(outcome, command.person.user))


def _list(command: Command) -> None:
    command.later(lambda reply: reply.say(rented_page(command.parts, 0)))


def rented_page(parts: Parts, offset: int) -> Block:
    """A page of the account's numbers, asked of the provider."""
    page = parts.desk.provider.rented_numbers(limit=RENTED_PAGE, offset=offset)
    return lists.rented(page, offset=offset)


def _info(command: Command) -> None:
    wanted = parse_number(command.rest)
    provider = command.parts.desk.provider
    command.later(lambda reply: reply.say(lists.number_info(wanted, provider.rented_number(wanted))))


def _policy(command: Command) -> None:
    if not command.rest:
        command.later(partial(_rules, command))
        return
    about = parse_policy_words(command.rest)  # what is not understood is said at once
    command.later(partial(_explain, command, about))


def _rules(command: Command, reply: Reply) -> None:
    reply.say(policy.policy(explain.rules_with_names(command.parts.desk, command.person)))


def _explain(command: Command, about: ByRequest | ByNumber | ByPrice, reply: Reply) -> None:
    desk, person = command.parts.desk, command.person
    match about:
        case ByRequest(request_id):
            reply.say(policy.request_explanation(explain.explain_request(desk, person, request_id)))
        case ByNumber(digits):
            reply.say(policy.explanation(explain.explain_number(desk, person, digits)))
        case ByPrice(country, kind, monthly):
            found = explain.explain_price(desk, person, country, kind, monthly)
            reply.say(policy.explanation(found))


def _budget(command: Command) -> None:
    command.later(
        lambda reply: reply.say(budget.budget_page(budget_sheet(command.parts.desk, command.person)))
    )


def _audit(command: Command) -> None:
    words = parse_audit_words(command.rest)  # what is not understood is said at once
    command.later(partial(log.ask, command.parts, command.person, words))


def _help(command: Command) -> None:
    command.now(helps.help_text(command.rest))


def _not_here(what: str, instead: str, command: Command) -> None:
    text = f"{what} is not part of this version of Numberdesk. {instead}"
    command.now(message(text, [section(text)]))


WORDS: Mapping[str, Callable[[Command], None]] = {
    "": _form,
    "search": _search,
    "buy": _buy,
    "requests": _requests,
    "list": _list,
    "info": _info,
    "policy": _policy,
    "budget": _budget,
    "audit": _audit,
    "help": _help,
    "release": partial(
        _not_here, "Giving numbers back", "Until then, release them in the provider's console."
    ),
    "watch": partial(_not_here, "Watching for numbers", "Until then, search again later."),
}
