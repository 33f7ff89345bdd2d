"""The settings: every wrong one is named with what to do, and no secret is ever said."""

import os
import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.model.errors import SettingsError
from bot.settings import SECRETS, Settings, load_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
TOKEN = "xoxb-1-invented"


def load(needs: tuple[str, ...] = (), **environ: str) -> Settings:
    return load_settings(environ, needs=needs, dotenv=None)


def problem(needs: tuple[str, ...] = (), **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(needs, **environ)
    return str(caught.value)


def test_nothing_set_gives_the_documented_defaults() -> None:
    settings = load()
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.plivo_api_url == "https://api.plivo.com"
    assert settings.database_url == "sqlite:///numberdesk.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert (settings.log_level, settings.log_format) == ("INFO", "text")
    assert (settings.buy_timeout, settings.buy_watchdog) == (60, 120)
    assert (settings.settle_window, settings.job_lease) == (900, 60)
    assert settings.policy_file is None
    assert settings.slack_bot_token is None


def test_the_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load().port = 1  # type: ignore[misc]


def test_the_processes_own_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PORT", "4711")
    assert load_settings(dotenv=None).port == 4711
    assert load().port == 3000
    assert Settings().port == 3000


def test_all_that_is_missing_is_named_at_once() -> None:
    text = problem(("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "PLIVO_AUTH_ID"), SLACK_BOT_TOKEN=TOKEN)
    assert "SLACK_BOT_TOKEN" not in text
    assert 'SLACK_SIGNING_SECRET is missing: it is the signing secret: Slack app, "Basic Information"' in text
    assert "PLIVO_AUTH_ID is missing" in text
    assert "\n" not in text


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_value_is_missing(empty: str) -> None:
    assert "SLACK_BOT_TOKEN is missing" in problem(("SLACK_BOT_TOKEN",), SLACK_BOT_TOKEN=empty)
    assert load(PORT=empty).port == 3000


def test_a_need_with_a_default_is_never_missing() -> None:
    assert load(("DATABASE_URL",)).database_url


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "abc", "PORT is wrong: input should be a valid integer"),
        ("PORT", "70000", "less than or equal to 65535 (now '70000')"),
        ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO'"),
        ("LOG_FORMAT", "xml", "'text' or 'json'"),
        ("BUY_TIMEOUT", "-1", "greater than 0"),
        ("JOB_LEASE", "inf", "finite"),
        ("SETTLE_WINDOW", "nan", "finite"),
        ("BUY_WATCHDOG", "60", "BUY_WATCHDOG (60) must be greater than BUY_TIMEOUT (60)"),
        ("SLACK_API_URL", "https://slack.com/api", "SLACK_API_URL must end with /api/"),
        ("SLACK_API_URL", "slack.com/api/", "must be an address"),
        ("PLIVO_API_URL", "ftp://api.plivo.com", "must be an address"),
        ("DATABASE_URL", "mysql://h/db", "DATABASE_URL must begin with sqlite:/// or postgresql://"),
        ("DATABASE_URL", "postgresql+asyncpg://h/db", "must begin with"),
        ("SLACK_BOT_TOKEN", "xoxp-1-invented", "SLACK_BOT_TOKEN must begin with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-1-invented", "SLACK_APP_TOKEN must begin with xapp-"),
        ("SLACK_SIGNING_SECRET", "“curly”", "SLACK_SIGNING_SECRET must be one word"),
        ("PLIVO_AUTH_ID", "MA 1/", "PLIVO_AUTH_ID is wrong"),
    ],
)
def test_a_wrong_value_is_named_with_its_reason(name: str, value: str, said: str) -> None:
    text = problem(**{name: value})
    assert said in text
    assert (value in text) == (name not in SECRETS) or name == "BUY_WATCHDOG"


def test_several_wrong_values_are_all_named() -> None:
    text = problem(("PLIVO_AUTH_TOKEN",), PORT="x", BUY_TIMEOUT="y", SLACK_BOT_TOKEN="z")
    assert all(name in text for name in ("PORT", "BUY_TIMEOUT", "SLACK_BOT_TOKEN", "PLIVO_AUTH_TOKEN"))


def test_a_wrong_secret_is_not_called_missing_as_well() -> None:
    text = problem(("SLACK_BOT_TOKEN",), SLACK_BOT_TOKEN="hunter2-hunter2")
    assert "missing" not in text
    assert "hunter2" not in text


@pytest.mark.parametrize("value", ["postgresql://u:hunter2@h:port/db", "mysql://u:hunter2@h/db"])
def test_the_password_of_a_wrong_database_address_is_not_said(value: str) -> None:
    assert "hunter2" not in problem(DATABASE_URL=value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_name_of_postgresql_means_psycopg_3(scheme: str) -> None:
    settings = load(DATABASE_URL=f"{scheme}://u:p%40ss@h:5432/db?sslmode=require")
    assert settings.database_url == "postgresql+psycopg://u:p%40ss@h:5432/db?sslmode=require"
    assert "p@ss" in settings.secrets()
    assert "p%40ss" not in repr(settings)


def test_levels_and_formats_may_be_written_small_or_large() -> None:
    assert load(LOG_LEVEL="debug").log_level == "DEBUG"
    assert load(LOG_FORMAT="JSON").log_format == "json"


def test_the_providers_address_has_no_slash_at_its_end() -> None:
    assert load(PLIVO_API_URL="http://127.0.0.1:4300/").plivo_api_url == "http://127.0.0.1:4300"


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_every_secret_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    value = {
        "SLACK_APP_TOKEN": "xapp-1-invented",
        "DATABASE_URL": "sqlite:///x.db",
        "AUDIT_SIGNING_KEY": KEY,
    }.get(name, TOKEN)
    file.write_text(f"{value}\n")
    given = getattr(load((name,), **{f"{name}_FILE": str(file)}), name.lower())
    assert (given.get_secret_value() if isinstance(given, SecretStr) else given) == value


def test_a_secret_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    gone, empty, binary = tmp_path / "gone", tmp_path / "empty", tmp_path / "binary"
    empty.touch()
    binary.write_bytes(b"\xff\xfe")
    text = problem(
        SLACK_BOT_TOKEN_FILE=str(gone), SLACK_APP_TOKEN_FILE=str(empty), PLIVO_AUTH_TOKEN_FILE=str(binary)
    )
    assert "SLACK_BOT_TOKEN_FILE cannot be read (No such file or directory)" in text
    assert "SLACK_APP_TOKEN_FILE is an empty file" in text
    assert "PLIVO_AUTH_TOKEN_FILE cannot be read (it is not text)" in text


def test_a_secret_given_twice_is_a_question_and_not_a_guess(tmp_path: Path) -> None:
    text = problem(SLACK_BOT_TOKEN=TOKEN, SLACK_BOT_TOKEN_FILE=str(tmp_path / "token"))
    assert text == "SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set: keep one"


def test_the_environment_wins_over_the_file_in_the_working_directory(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# here\nPORT=1111\nHOST='0.0.0.0'\nPLIVO_AUTH_TOKEN=pa$$word\nSOMETHING_ELSE=1\n")
    settings = load_settings({"PORT": "2222"}, dotenv=file)
    assert (settings.port, settings.host) == (2222, "0.0.0.0")
    assert settings.plivo_auth_token == SecretStr("pa$$word")


def test_an_empty_variable_does_not_hide_the_one_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=1111\n")
    assert load_settings({"PORT": ""}, dotenv=file).port == 1111


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"PORT=\xff\n")
    with pytest.raises(SettingsError, match="must be a UTF-8 text file"):
        load_settings({}, dotenv=file)


def test_secrets_lists_what_logs_must_never_show() -> None:
    settings = load(
        SLACK_BOT_TOKEN=TOKEN,
        SLACK_SIGNING_SECRET="new-secret",
        SLACK_SIGNING_SECRET_PREVIOUS="old-secret",
        PLIVO_AUTH_ID="MAINVENTED",
        PLIVO_AUTH_TOKEN="plivo-secret",
    )
    expected = {TOKEN, "new-secret", "old-secret", "plivo-secret", "MAINVENTED:plivo-secret"}
    assert set(settings.secrets()) == expected
    assert settings.signing_secrets() == ("new-secret", "old-secret")
    assert not [secret for secret in expected if secret in repr(settings)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("AUDIT_CHANNEL", "C0OTHER"), ("SETTLE_WINDOW", "901"), ("AUDIT_SIGNING_KEY", KEY),
     ("SLACK_API_URL", "https://elsewhere.test/api/"), ("POLICY_FILE", "other.toml")],
)  # fmt: skip
def test_another_setting_is_another_fingerprint(name: str, value: str) -> None:
    assert load(**{name: value}).fingerprint() != load().fingerprint()


def test_a_fingerprint_tells_no_secret_and_does_not_differ_from_process_to_process() -> None:
    other = {"PORT": "4711", "HOST": "::", "LOG_LEVEL": "DEBUG", "DATABASE_URL": "sqlite:///other.db"}
    assert load(**other).fingerprint() == load().fingerprint()
    first, second = (load(SLACK_BOT_TOKEN=f"{TOKEN}{letter}").fingerprint() for letter in "ab")
    assert first == second != load().fingerprint()


def test_the_example_file_names_every_variable_and_no_other() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    names = re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)
    assert sorted(names) == sorted(name.upper() for name in Settings.model_fields)


def test_the_example_file_shows_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(re.sub(r"^#([A-Z_]+=)", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    shown = load_settings({}, dotenv=file).model_dump(exclude={"policy_file"})
    assert shown == load().model_dump(exclude={"policy_file"})
