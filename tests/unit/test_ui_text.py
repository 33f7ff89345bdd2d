"""Foreign text in Slack: shown so that it can be read and typed again, and never acts."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.audit import Action, Actor, ActorType, AuditEvent, LoggedEvent
from bot.model.errors import Misread, NotUnderstood
from bot.usecases.read_log import LogPage
from handlers.ui.audit import log_page
from handlers.ui.help import not_understood
from handlers.ui.text import code, sentence

PIECES = st.sampled_from(
    ["*", "_", "~", "`", "```", "<!channel>", "<@U0ANA>", "&", "&amp;", "<", ">", "\n", " ", "a", "\u202e"]
)
NASTY = st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=60).map("".join))
LIMITS = st.integers(min_value=3, max_value=400)


def shown(span: str) -> str:
    """What stands there once Slack has drawn it."""
    return span.removeprefix("`").removesuffix("`").replace("&lt;", "<").replace("&gt;", ">").replace(
        "&amp;", "&"
    )  # fmt: skip


@given(NASTY, LIMITS)
def test_code_is_one_span_on_one_line_in_which_nothing_acts(text: str, limit: int) -> None:
    span = code(text, limit)
    assert re.fullmatch(r"`[^`<>\r\n]+`", span)
    assert len(span) <= limit
    assert re.sub("&(amp|lt|gt);", "", span).count("&") == 0


@given(st.text(st.sampled_from("ab1*_~:+.&<>\"'"), min_size=1, max_size=40))
def test_code_shows_every_character_that_may_have_to_be_typed(text: str) -> None:
    assert shown(code(text)) == text


def test_a_backtick_is_shown_by_its_look_alike_and_blanks_are_one() -> None:
    assert code("a`b\n  c") == "`a\u02cbb c`"


def test_of_nothing_there_is_no_empty_span() -> None:
    assert code("") == "` `"


@given(NASTY, st.integers(min_value=1, max_value=400))
def test_a_sentence_never_leaves_a_span_open_and_nothing_in_it_acts(text: str, limit: int) -> None:
    line = sentence(text, limit)
    assert len(line) <= limit
    assert line.count("`") % 2 == 0
    assert not re.search("[<>\n]", line)
    outside = re.sub("`[^`]*`", "", line)
    assert not re.search("[*_~`]", outside)


def test_a_sentence_keeps_what_is_to_be_typed_and_no_other_mark() -> None:
    line = sentence("`rate_center:` is for *US*, not “a`b”.")
    assert line == "`rate_center:` is for \u2217US\u2217, not “a\u02cbb”."


@pytest.mark.parametrize("typed", ["number:+1415*", "action:purchase.*", "city:san_jose"])
def test_what_is_proposed_can_be_copied_from_the_answer(typed: str) -> None:
    answer = not_understood(NotUnderstood((Misread("x", "`rate_center:` is none.", typed),)), "audit")
    assert f"Try `/number audit {typed}`." in answer["text"]
    assert "`rate_center:` is none." in answer["text"]


def test_the_query_above_a_page_of_the_log_can_be_copied() -> None:
    page = LogPage("action:purchase.* number:+1415*", (), None, all_of_it=True)
    assert "`action:purchase.* number:+1415*`" in log_page(page)["blocks"][0]["text"]["text"]


def test_a_search_in_the_log_can_be_copied_and_a_reason_is_a_quotation() -> None:
    searched = logged(Action.SEARCH_PERFORMED, changes={"search": "US city:san_jose"})
    asked = logged(Action.REQUEST_SUBMITTED, reason="for *us*")
    page = log_page(LogPage("", (searched, asked), None, all_of_it=True))
    first, second = (block["text"]["text"] for block in page["blocks"][1:3])
    assert "`US city:san_jose`" in first
    assert "“for \u2217us\u2217”" in second


def logged(action: Action, **more: Any) -> LoggedEvent:
    event = AuditEvent(
        workspace="T0ONE", account="MA", actor=Actor(ActorType.USER, "U0RITA"), action=action, **more
    )
    return LoggedEvent(seq=1, id="E1", at=datetime(2026, 3, 4, tzinfo=UTC), event=event)
