"""What somebody may have meant by a search that was not understood, the nearest first."""

from collections.abc import Iterator
from dataclasses import replace

from bot.model.search_reader import Reader

_COUNTRY = ("US", "US")
"""Proposed where no country was understood: the provider's largest."""


def attempts(said: Reader, meant: Reader) -> Iterator[Reader]:
    """Readings to try in turn: `said` is what was understood, `meant` what stands for what was not.

    Each asks for less than the one before, and the last for nothing but a country.
    """
    said = replace(said, misreads=[], filters={k: v for k, v in said.filters.items() if v is not None})
    mended = _mended(said, meant)
    for reading in (mended, replace(said, filters=dict(said.filters))):
        whole = _with_country(reading)
        yield whole
        yield replace(whole, digits=[])
    yield _with_country(Reader((), countries=mended.countries[:1], codes=mended.codes[:1]))


def _mended(said: Reader, meant: Reader) -> Reader:
    """What was said, and in each place where something else was meant, that."""
    named = bool(meant.countries)  # then a calling code names no other
    return replace(
        said,
        countries=meant.countries or said.countries,
        codes=meant.codes if named or meant.codes else said.codes,
        types=meant.types or said.types,
        digits=meant.digits or said.digits,
        filters=said.filters | meant.filters,
    )


def _with_country(reading: Reader) -> Reader:
    known = reading.countries or reading.codes or reading.maybe_india
    return reading if known else replace(reading, countries=[_COUNTRY])
