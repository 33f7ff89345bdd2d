"""`python -m sandbox`: the demo world, or one of its stand-ins alone."""

import argparse
import sys
from pathlib import Path


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parts = parser.add_subparsers(dest="part", metavar="plivo|slack")
    plivo = parts.add_parser("plivo", help="the stand-in of Plivo alone")
    plivo.add_argument("--port", type=int, required=True)
    plivo.add_argument("--auth-id", required=True)
    plivo.add_argument("--auth-token", required=True)
    plivo.add_argument(
        "--stock", type=Path, help="a file with the numbers on sale; left out: the built-in stock"
    )
    slack = parts.add_parser("slack", help="the stand-in of Slack alone, with its page")
    slack.add_argument("--port", type=int, required=True)
    slack.add_argument(
        "--request-url", help="where commands, clicks and events go; left out: Socket Mode only"
    )
    slack.add_argument("--signing-secret", default="workbench-signing-secret")
    slack.add_argument("--bot-token", default="xoxb-workbench")
    slack.add_argument("--app-token", default="xapp-workbench")
    slack.add_argument("--trigger-seconds", type=float, default=3.0, help="how long a trigger_id lives (3)")
    return parser.parse_args(argv)


def _plivo(chosen: argparse.Namespace) -> int:
    from sandbox.plivo import serve  # noqa: PLC0415 - the stand-ins do not need each other

    serve.run(chosen.port, chosen.auth_id, chosen.auth_token, chosen.stock)
    return 0


def _slack(chosen: argparse.Namespace) -> int:
    from sandbox.slack import serve  # noqa: PLC0415 - same

    serve.run(
        chosen.port,
        request_url=chosen.request_url,
        signing_secret=chosen.signing_secret,
        bot_token=chosen.bot_token,
        app_token=chosen.app_token,
        trigger_seconds=chosen.trigger_seconds,
    )
    return 0


def _demo() -> int:
    from sandbox import demo  # noqa: PLC0415 - same

    return demo.run()


def main(argv: list[str] | None = None) -> int:
    """Run what was asked for; returns the exit code."""
    chosen = _arguments(sys.argv[1:] if argv is None else argv)
    try:
        if chosen.part is None:
            return _demo()
        return _plivo(chosen) if chosen.part == "plivo" else _slack(chosen)
    except KeyboardInterrupt:
        return 0
    except OSError as problem:
        sys.stderr.write(f"The port or a file is not to be had: {problem}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
