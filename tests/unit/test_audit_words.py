"""What stands behind `/number audit` is told apart, and what only looks like a word of ours is not."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.audit_export import Format
from bot.model.audit_words import By, CountLog, ReadLog, TakeLog, parse_audit_words
from bot.model.errors import NotUnderstood


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", ReadLog("")),
        ("  since:7d ", ReadLog("since:7d")),
        ('"stats"', ReadLog('"stats"')),
        ("stats", CountLog("", By.PERSON)),
        ("Stats by:month", CountLog("", By.MONTH)),
        ("stats since:7d by:action country:US", CountLog("since:7d  country:US", By.ACTION)),
        ("stats since:7d country", CountLog("since:7d", By.COUNTRY)),
        ('stats "by:month"', CountLog('"by:month"', By.PERSON)),
        ("export", TakeLog("", Format.CSV)),
        ("export action:purchase.* jsonl", TakeLog("action:purchase.*", Format.JSONL)),
        ("export format:jsonl since:7d", TakeLog("since:7d", Format.JSONL)),
        ('export "csv"', TakeLog('"csv"', Format.CSV)),
    ],
)
def test_words_are_told_apart(text: str, meant: object) -> None:
    assert parse_audit_words(text) == meant


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("stats by:persn", "by:person"),
        ("stats by:month,action", "by:month"),
        ("export format:xlsx", "format:jsonl"),
        ("export format:cvs", "format:csv"),
    ],
)
def test_an_unknown_choice_is_named_with_the_nearest(text: str, nearest: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse_audit_words(text)
    assert [misread.nearest for misread in caught.value.misreads] == [nearest]


@given(st.text(max_size=60))
def test_any_text_is_read_or_answered(text: str) -> None:
    for word in ("", "stats ", "export "):
        with suppress(NotUnderstood):
            assert isinstance(parse_audit_words(word + text).query, str)
