"""The settings: the environment, `NAME_FILE` secrets and a `.env` file as one frozen, checked object."""

import os
import re
from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.model.audit_chain import canonical
from bot.model.audit_seal import Seal
from bot.model.errors import SettingsError


def _starts(prefix: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(prefix):
            raise ValueError(f"must begin with {prefix}")
        return value

    return AfterValidator(check)


def _printable(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x21-\x7e]+", value.get_secret_value()):
        raise ValueError("must be one word of plain ASCII; was it copied with a blank or a quote?")
    return value


def _signing_key(value: SecretStr) -> SecretStr:
    Seal(value.get_secret_value())
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://host/path")
    return value


def _slack_address(value: str) -> str:
    if not value.endswith("/api/"):
        raise ValueError("must end with /api/")
    return value


def _database(value: str) -> str:
    """SQLAlchemy's address; both short names of PostgreSQL mean psycopg 3."""
    url = re.sub(r"^(postgres|postgresql|postgresql\+psycopg)://", "postgresql+psycopg://", value)
    if not re.match(r"(sqlite(\+pysqlite)?|postgresql\+psycopg)://", url):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    try:
        host = make_url(url).host or ""
    except (ArgumentError, ValueError):
        # Its own message would quote the address, and the password with it.
        raise ValueError("is not an address a database can have") from None
    if "@" in host:
        # The driver would look for a host of that name, and its message would quote half the password.
        raise ValueError("has more than one @: write the one in the password as %40")
    return url


_Secret = Annotated[SecretStr, AfterValidator(_printable)]
_Address = Annotated[str, AfterValidator(_web_address)]
_Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Settings(BaseSettings):
    """Everything the operator decides; each field is the variable of the same name in capitals.

    Descriptions say where a value is found: they are what an error tells the operator. Times are seconds.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    slack_bot_token: Annotated[_Secret, _starts("xoxb-")] | None = Field(
        None, description='the bot token, xoxb-…: Slack app, "OAuth & Permissions"'
    )
    slack_signing_secret: _Secret | None = Field(
        None, description='the signing secret: Slack app, "Basic Information"'
    )
    slack_signing_secret_previous: _Secret | None = Field(
        None, description="the signing secret before the last rotation, accepted as well while it is set"
    )
    slack_app_token: Annotated[_Secret, _starts("xapp-")] | None = Field(
        None,
        description='the app-level token for Socket Mode, xapp-…: Slack app, "Basic Information", '
        "with the scope connections:write",
    )
    slack_api_url: Annotated[_Address, AfterValidator(_slack_address)] = Field(
        "https://slack.com/api/", description="the address of Slack's Web API"
    )
    plivo_auth_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] | None = Field(
        None, description="the account's Auth ID: Plivo console, overview"
    )
    plivo_auth_token: _Secret | None = Field(
        None, description="the account's Auth Token: Plivo console, overview"
    )
    plivo_api_url: Annotated[_Address, AfterValidator(lambda url: url.rstrip("/"))] = Field(
        "https://api.plivo.com", description="the address of Plivo's API"
    )
    database_url: Annotated[str, AfterValidator(_database)] = Field(
        "sqlite:///numberdesk.db",
        repr=False,  # it may hold a password
        description="sqlite:///file.db, or postgresql://user:password@host/name",
    )
    policy_file: Path | None = Field(None, description="the policy file (docs/policy.md)")
    host: str = Field("127.0.0.1", description="the address the HTTP door listens on")
    port: int = Field(3000, ge=0, le=65535, description="the port the HTTP door listens on, 0 for any")
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(str.upper)
    ] = Field("INFO", description="the least level that is logged")
    log_format: Annotated[Literal["text", "json"], BeforeValidator(str.lower)] = Field(
        "text", description="the form of a log line"
    )
    buy_timeout: _Seconds = Field(60, description="seconds the provider may take to answer a buy")
    buy_watchdog: _Seconds = Field(
        120, description="seconds after which a buy without an answer is asked about; more than BUY_TIMEOUT"
    )
    settle_window: _Seconds = Field(
        900, description="seconds for which a number that the provider does not list is asked for again"
    )
    job_lease: _Seconds = Field(60, description="seconds after which a job of a dead worker is taken over")

    audit_checkpoint_events: int = Field(
        1000, ge=1, description="events of the log after which a checkpoint is made, besides each hour's"
    )
    audit_channel: Annotated[str, Field(pattern=r"^[CG][A-Z0-9]+$")] | None = Field(
        None, description="the Slack channel that checkpoints of the log are posted to, such as C0AUDIT"
    )
    audit_file: Path | None = Field(None, description="the file that checkpoints of the log are appended to")
    audit_signing_key: Annotated[_Secret, AfterValidator(_signing_key)] | None = Field(
        None, description="the private key that signs checkpoints: `python -m bot audit key` makes one"
    )
    audit_archive_folder: Path | None = Field(
        None, description="the folder that old events are archived to each day, if the policy says keep_years"
    )

    @model_validator(mode="after")
    def _watchdog_is_last(self) -> Self:
        if self.buy_watchdog <= self.buy_timeout:
            raise ValueError(
                f"BUY_WATCHDOG ({self.buy_watchdog:g}) must be greater than BUY_TIMEOUT"
                f" ({self.buy_timeout:g})"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given counts: `load_settings` reads the environment, so tests never see theirs."""
        return (init_settings,)

    def signing_secrets(self) -> tuple[str, ...]:
        """The secrets with which Slack may have signed, the newest first."""
        both = (self.slack_signing_secret, self.slack_signing_secret_previous)
        return tuple(secret.get_secret_value() for secret in both if secret)

    def secrets(self) -> tuple[str, ...]:
        """Every text that must never be seen in a log, the provider's `id:token` pair among them."""
        values = [value.get_secret_value() for _, value in self if isinstance(value, SecretStr)]
        if self.plivo_auth_id and self.plivo_auth_token:
            values.append(f"{self.plivo_auth_id}:{self.plivo_auth_token.get_secret_value()}")
        password = make_url(self.database_url).password
        return (*values, password) if password else tuple(values)

    def fingerprint(self) -> str:
        """A hash that is another one when a setting is, for the log: of secrets, only whether they are set.

        What differs from process to process, and what the desk does not depend on, is left out.
        """
        told = {
            name: value is not None if isinstance(value, SecretStr) or value is None else str(value)
            for name, value in self
            if name not in _OF_ONE_PROCESS
        }
        return sha256(canonical(told)).hexdigest()


_OF_ONE_PROCESS = frozenset({"database_url", "host", "port", "log_level", "log_format"})
SECRETS = frozenset(
    {
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_SIGNING_SECRET_PREVIOUS",
        "SLACK_APP_TOKEN",
        "PLIVO_AUTH_ID",
        "PLIVO_AUTH_TOKEN",
        "DATABASE_URL",
        "AUDIT_SIGNING_KEY",
    }
)
"""The variables that may also come as `NAME_FILE`, a file that holds the value, and are never quoted."""


def load_settings(
    environ: Mapping[str, str] | None = None,
    *,
    needs: Collection[str] = (),
    dotenv: Path | None = Path(".env"),
) -> Settings:
    """Reads the settings from `environ` (the process's own when None), and below it from the file `dotenv`.

    `needs` are the variables this command cannot do without. An empty value counts as missing. Raises
    SettingsError that names every missing or wrong variable and what to do, and never a secret's value.
    """
    problems: list[str] = []
    values = _read_dotenv(dotenv, problems)
    values |= _layer(os.environ if environ is None else environ, problems)
    settings = _validated(values, problems)
    for name in needs:
        field = Settings.model_fields[name.lower()]
        if name not in values and field.default is None:
            problems.append(f"{name} is missing: it is {field.description}")
    if problems or settings is None:
        raise SettingsError("; ".join(problems))
    return settings


def _layer(source: Mapping[str, str | None], problems: list[str]) -> dict[str, str]:
    """The variables that one source sets, directly or by a file."""
    values: dict[str, str] = {}
    for name in (field.upper() for field in Settings.model_fields):
        value = (source.get(name) or "").strip()
        file = (source.get(f"{name}_FILE") or "").strip() if name in SECRETS else ""
        if value and file:
            problems.append(f"{name} and {name}_FILE are both set: keep one")
        elif file:
            value = _read_secret(f"{name}_FILE", file, problems)
        if value:
            values[name] = value
    return values


def _read_secret(name: str, file: str, problems: list[str]) -> str:
    try:
        value = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        problems.append(f"{name} cannot be read ({reason}): {file}")
        return ""
    if not value:
        problems.append(f"{name} is an empty file: {file}")
    return value


def _read_dotenv(path: Path | None, problems: list[str]) -> dict[str, str]:
    if path is None or not path.is_file():
        return {}
    try:
        # No interpolation: a secret may hold a dollar sign.
        return _layer(dotenv_values(path, interpolate=False, encoding="utf-8"), problems)
    except (OSError, UnicodeDecodeError):
        problems.append(f"{path} cannot be read: it must be a UTF-8 text file that this user may read")
        return {}


def _validated(values: Mapping[str, str], problems: list[str]) -> Settings | None:
    try:
        return Settings.model_validate({name.lower(): value for name, value in values.items()})
    except ValidationError as error:
        problems.extend(_told(problem, values) for problem in error.errors(include_url=False))
    return None


def _told(problem: Any, values: Mapping[str, str]) -> str:
    """One pydantic error in the operator's words."""
    reason = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return reason
    name = str(problem["loc"][0]).upper()
    field = Settings.model_fields[name.lower()]
    shown = "" if name in SECRETS else f" (now {values[name]!r})"
    reason = reason if problem["type"] == "value_error" else f"is wrong: {reason[0].lower()}{reason[1:]}"
    return f"{name} {reason}{shown}; it is {field.description}"
