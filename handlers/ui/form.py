"""The search form: what `/number` alone opens, for people who would rather not remember words."""

import json

from bot.model.offer import NumberType
from bot.model.search import Search, to_text
from handlers.ui.blocks import Block, context, modal, select_input, text_input

CALLBACK = "search_form"
TYPES = {
    NumberType.LOCAL: "Local",
    NumberType.TOLLFREE: "Toll-free",
    NumberType.MOBILE: "Mobile",
    NumberType.NATIONAL: "National",
    NumberType.FIXED: "Fixed (local or national)",
}


def search_form(*, channel: str, asked: Search | None = None) -> Block:
    """An empty form, or one filled with a search that is to be changed."""
    text = to_text(asked) if asked else None
    blocks = [
        text_input(
            "search",
            "What are you looking for?",
            limit=500,
            placeholder='US local 415 city:"San Francisco"',
            initial=text,
            hint="A country, the first digits, and filters: city: region: contains: ends: max: sort:price",
        )
    ]
    if asked is None:
        blocks.append(
            select_input("type", "Type", [(text, kind) for kind, text in TYPES.items()], "Any type")
        )
    blocks.append(context("Nothing is bought by searching."))
    metadata = json.dumps({"channel": channel})
    return modal("Find a number", blocks, callback_id=CALLBACK, submit="Search", metadata=metadata)
