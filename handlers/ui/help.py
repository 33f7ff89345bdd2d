"""Help: what can be typed, and what an unknown word may have meant."""

from difflib import get_close_matches

from bot.model.errors import Misread, NotUnderstood
from handlers.ui.blocks import Block, message, section
from handlers.ui.text import code, escape, sentence

LONGEST_PROPOSAL = 1300
"""Characters: a search of 500 with an entity for each ampersand that a place may have, and five misreads."""
TOPICS = {
    "search": (
        "`/number search US local 415`: numbers for sale, seen by you alone.\n"
        "Words in any order: a country (`US`, `United States`, `+1`), a type (`local`, `tollfree`, `mobile`, "
        "`national`, `fixed`), digits the number starts with.\n"
        "Filters: `city:`, `region:`, `npanxx:` with `lca:yes`, `lata:`, `rate-center:`, "
        "`services:voice,sms`, `eligible:yes`, `contains:`, `ends:`, `max:1.50`, `sort:price`. "
        'Values with blanks stand in quotes: `city:"San Francisco"`.'
    ),
    "buy": (
        "Press *Buy* beside an offer, or type `/number buy +1 415-555-0100`. You see the price and who must "
        "approve before anything happens. A number is bought at most once, whatever breaks."
    ),
    "requests": (
        "`/number requests`: what you have asked for, and how it stands. `/number requests open`: what "
        "waits; `/number requests all`: everything. Approvers see everybody's, others their own. "
        "`/number requests R…`: one of them, with all that happened."
    ),
    "list": "`/number list`: the numbers the account holds.",
    "info": "`/number info +1 415-555-0100`: what the provider says of one of them.",
    "policy": (
        "`/number policy`: the rules; the first that matches decides who must approve. "
        "`/number policy US local 5.00`, `/number policy +1 415-555-0100` or `/number policy R…`: which rule "
        "decides, why not the others, who could approve, and why you may not."
    ),
    "budget": (
        "`/number budget`: what was bought and is reserved this month (UTC), what is left of it, and who can "
        "raise it. Approvers see it by person."
    ),
    "audit": (
        "`/number audit`: what happened, newest first. Filters: `actor:@ann`, `action:purchase.*`, "
        "`number:+1415*`, `outcome:success|denied|failure|unknown`, `country:US`, `cost:>5`, `since:7d`, "
        '`created:2026-01..2026-03`, `request:R…`, and "free words"; `-` in front leaves out, a '
        "comma means any of. "
        "Auditors see all of it (approvers, if the policy names none); others what concerns them.\n"
        "`/number audit stats since:30d by:month`: counts and what was bought, by `person`, `month`, "
        "`action` or `country`. `/number audit export since:30d csv`: a file (`csv`, `jsonl`), in a direct "
        "message to you."
    ),
    "help": "`/number help [topic]`, and `/number` alone opens the search form.",
}


def help_text(topic: str = "") -> Block:
    """All topics, or one; an unknown one is named with the nearest."""
    word = topic.strip().lower()
    if word in TOPICS:
        return message(f"Help on {word}", [section(TOPICS[word])])
    if word:
        return unknown(word, "help ")
    first = "*Find, request and buy phone numbers*"
    return message("What you can type after /number", [section(first), *map(section, TOPICS.values())])


def unknown(word: str, before: str = "") -> Block:
    """An answer to a word that is no command."""
    near = get_close_matches(word.lower(), TOPICS, n=1, cutoff=0.4)
    hint = f"Did you mean `/number {before}{near[0]}`?" if near else "`/number help` lists what there is."
    text = f"“{escape(word, 60)}” is not understood. {hint}"
    return message(text, [section(text)])


def not_understood(problem: NotUnderstood, command: str) -> Block:
    """What was not understood in a command, and the nearest whole command that would be."""
    lines = [
        f"• {sentence(misread.problem)}{_instead(misread, problem, command)}" for misread in problem.misreads
    ]
    if problem.proposal:
        lines.append(f"Try {code(f'/number {command} {problem.proposal}', LONGEST_PROPOSAL)}.")
    lines.append(f"`/number help {command}` says more.")
    text = "\n".join(lines)
    return message(text, [section(text)])


def _instead(misread: Misread, problem: NotUnderstood, command: str) -> str:
    if problem.proposal or not misread.nearest:
        return ""
    return f" Try {code(f'/number {command} {misread.nearest}', 150)}."


def misread_lines(problem: NotUnderstood) -> str:
    """The same as plain text, for under an input and for a shell."""
    if problem.proposal:
        end = f" Try {problem.proposal}."
        return " ".join(m.problem for m in problem.misreads)[: 1000 - len(end)] + end
    tries = (f"{m.problem} Try {m.nearest}." if m.nearest else m.problem for m in problem.misreads)
    return " ".join(tries)[:1000]
