"""`GET /metrics`: what operators watch, read from the rows at the moment it is asked for."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from bot.errands import Errands
from bot.usecases.turns import UNREACHABLE
from storage import jobs, purchases
from storage.unit_of_work import Database


class Metrics:
    """Prometheus' text format. The rows are the truth, so any process can be asked and says the same."""

    def __init__(self, database: Database, errands: Errands) -> None:
        self._database = database
        self._errands = errands
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def page(self) -> tuple[bytes, str]:
        """The page and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: asking the database is left to `collect`."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        with self._database.read() as work:
            by_status = purchases.count_by_status(work)
            waiting, overdue = jobs.count(work), jobs.overdue(work).total_seconds()
            unsaid = jobs.failing(work, UNREACHABLE)
        yield _by("numberdesk_purchases", "Purchases by status.", "status", by_status)
        yield _by("numberdesk_jobs", "Jobs that are armed, by kind.", "kind", waiting)
        yield GaugeMetricFamily(
            "numberdesk_overdue_seconds", "How long the oldest due job has been waiting.", value=overdue
        )
        yield GaugeMetricFamily(
            "numberdesk_unsaid_seconds",
            "How long the oldest message has been waiting for Slack.",
            value=unsaid.since.total_seconds() if unsaid else 0,
        )
        yield GaugeMetricFamily(
            "numberdesk_errands", "Commands and clicks being worked on.", value=self._errands.busy
        )


def _by(name: str, help_text: str, label: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family
