"""What can go wrong, drawn by what the caller can do about it.

NumberdeskError
  SettingsError      the operator corrects the environment            (exit 2)
  PolicyError        the operator corrects the policy file            (exit 2)
  NotUnderstood      the person types it differently                  (an answer only they see)
  ProviderError
    NotSent          surely nothing reached the provider: may be tried again
    RateLimited      not done, try again after `retry_after` seconds
    Refused          a clear no, in the provider's own words
      CredentialsRefused   the desk's own credentials are refused
      NotFound             404: not there, not ours, or somebody else's
    Unclear          it may or may not have happened: ask, never repeat

The docstring of a class is its message when none is given.
"""

import inspect
from dataclasses import dataclass


class NumberdeskError(Exception):
    """Something went wrong in Numberdesk."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (inspect.getdoc(type(self)) or "").splitlines()[0])


class SettingsError(NumberdeskError):
    """A setting is missing or wrong."""


class PolicyError(NumberdeskError):
    """The policy file cannot be used."""


@dataclass(frozen=True, slots=True)
class Misread:
    """One thing in a person's text that was not understood, and the nearest thing that would be."""

    word: str
    problem: str  #: a sentence: what was not understood
    nearest: str | None = None  #: what would have been, in its place
    at: int | None = None  #: where in the text the word begins, if that is known


class NotUnderstood(NumberdeskError):
    """That was not understood."""

    def __init__(self, misreads: tuple[Misread, ...], proposal: str | None = None) -> None:
        self.misreads = misreads
        self.proposal = proposal  #: the whole text as it would be understood, all misreads mended
        super().__init__("; ".join(m.problem for m in misreads))


class ProviderError(NumberdeskError):
    """The provider did not do what was asked."""

    def __init__(
        self, message: str | None = None, *, api_id: str | None = None, http_status: int | None = None
    ) -> None:
        self.api_id = api_id  #: the provider's id of this answer: its support asks for it
        self.http_status = http_status
        super().__init__(message)


class NotSent(ProviderError):
    """The provider could not be reached; nothing was sent."""


class RateLimited(ProviderError):
    """The provider asks us to slow down; nothing was done."""

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: float | None = None,
        api_id: str | None = None,
        http_status: int | None = None,
    ) -> None:
        self.retry_after = retry_after  #: seconds, if the provider named them
        super().__init__(message, api_id=api_id, http_status=http_status)


class Refused(ProviderError):
    """The provider refused."""


class CredentialsRefused(Refused):
    """The desk's own credentials are refused by the provider."""


class NotFound(Refused):
    """The provider does not know it, or it belongs to somebody else."""


class Unclear(ProviderError):
    """It is not clear whether the provider did it."""
