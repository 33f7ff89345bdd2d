"""The purchase's body and answer. Only what is certain is a yes."""

from dataclasses import asdict

from pydantic import ValidationError

from bot.model.provider import BuyAnswer, BuyOptions
from bot.plivo.errors import api_id
from bot.plivo.http import Answer
from bot.plivo.wire import BuyReply

_CREATED = frozenset({200, 201, 202})
"""The documentation says 201, Plivo's own libraries are tested with 202; 206 is "partial success"."""

_YES = frozenset({"fulfilled", "success"})


def buy_body(options: BuyOptions) -> dict[str, str]:
    """What was chosen, under the provider's names; what was not is left out."""
    return {key: value for key, value in asdict(options).items() if value is not None}


def buy_answer(answer: Answer, number: str) -> BuyAnswer | None:
    """The yes in an answer, if it is one, for this number and in words that are known; else None.

    The status of the answer is "fulfilled" even while documents are waited for: the number's own counts.
    """
    if answer.status not in _CREATED or answer.document is None:
        return None
    try:
        reply = BuyReply.model_validate(answer.document)
    except ValidationError:
        return None
    word = next((bought.status for bought in reply.numbers if bought.number == number), None)
    if word is None or reply.error:
        return None
    return _in_our_words(word, reply.status, api_id(answer))


def _in_our_words(word: str, overall: str | None, api_id: str | None) -> BuyAnswer | None:
    if word.lower() == "pending":
        return BuyAnswer("awaiting_documents", api_id, word)
    if word.lower() in _YES and (overall is None or overall.lower() in _YES):
        return BuyAnswer("bought", api_id, word)
    return None
