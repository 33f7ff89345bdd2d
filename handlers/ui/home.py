"""The Home tab: what waits for a person, what they asked for, what they have, what is left of the month."""

from bot.usecases.home import HomeSheet
from handlers.ui.blocks import Block, section
from handlers.ui.lists import my_requests


def home_view(sheet: HomeSheet) -> Block:
    """Home for one person."""
    begin = section("*Numberdesk*\nType `/number search US local 415` in any channel, or `/number help`.")
    return {"type": "home", "blocks": [begin, *my_requests([*sheet.open, *sheet.recent])["blocks"]]}
