"""Paging: where the next page of one of the provider's lists begins."""

from collections.abc import Sequence

from bot.plivo.wire import Meta

PAGE = 20
"""The most entries that the provider gives at once."""


def page_params(limit: int, offset: int) -> dict[str, str]:
    """The two parameters of a page, within what the provider allows."""
    return {"limit": str(min(max(limit, 1), PAGE)), "offset": str(max(offset, 0))}


def next_offset(meta: Meta, offset: int, limit: int, page: Sequence[object]) -> int | None:
    """Where the next page begins; None at the end.

    The end is an empty page, no `next`, or `total_count` reached, whichever comes first. The step is the
    limit that the provider says it used, else the one that was asked for.
    """
    if not page or ("next" in meta.model_fields_set and meta.next is None):
        return None
    if meta.total_count is not None and offset + len(page) >= meta.total_count:
        return None
    if meta.total_count is None and meta.next is None:
        return None
    return offset + (meta.limit or min(max(limit, 1), PAGE))


def total(meta: Meta, offset: int, found: int) -> int:
    """All entries as the provider counts them, never fewer than were seen."""
    return max(meta.total_count or 0, offset + found if found else 0)
