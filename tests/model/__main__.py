"""`python -m tests.model`: explores all cases, and prints states, time and traces in plain words."""

import sys
from collections.abc import Mapping

from tests.model.cases import LIMITS, PLANTED, RIGHT, SPARED
from tests.model.explore import Report, explore
from tests.model.protocol import Protocol


def _line(name: str, report: Report) -> None:
    size = f"{report.states} states, {report.steps} steps, {report.seconds:.1f} s"
    print(f"{name}: {report.trace.what if report.trace else 'nothing wrong'} ({size})")  # noqa: T201
    for number, words in enumerate(report.trace.steps if report.trace else (), 1):
        print(f"  {number:2}. {words}")  # noqa: T201


def _all(title: str, cases: Mapping[str, Protocol]) -> list[Report]:
    print(f"\n{title}\n")  # noqa: T201
    reports = []
    for name, protocol in cases.items():
        reports.append(explore(protocol))
        _line(name, reports[-1])
    return reports


def main() -> int:
    """0 if the protocol is right and every planted mistake is found."""
    right = _all("As it is", {**RIGHT, **SPARED})
    wrong = _all("With a mistake planted", {name: case for name, (case, _) in PLANTED.items()})
    _all("Known limits", {name: case for name, (case, _) in LIMITS.items()})
    return int(any(r.trace for r in right) or not all(r.trace for r in wrong))


if __name__ == "__main__":
    sys.exit(main())
