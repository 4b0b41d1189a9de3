"""What Prometheus can ask about the service."""

from collections.abc import Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from screening.bundle import Bundle

CONTENT_TYPE = CONTENT_TYPE_LATEST
# A row takes about a millisecond. Seconds are for what goes wrong.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_SHARES = tuple(tenth / 10 for tenth in range(1, 11))


class Monitor:
    """Counts requests and answers, in a registry of its own: two applications do not meet."""

    def __init__(self) -> None:
        """Set all counts to nothing."""
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        labels = ["method", "route", "status"]
        self._requests = Counter("http_requests", "Requests answered", labels, registry=registry)
        name = "http_request_duration_seconds"
        self._seconds = Histogram(
            name, "Time to answer", ["route"], registry=registry, buckets=_SECONDS
        )
        self._labels = Counter("predictions", "Rows answered", ["label"], registry=registry)
        name = "prediction_probability"
        # Its drift over time is what shows that the rows asked about are no longer like the rows
        # learnt from.
        self._shares = Histogram(name, "Probabilities answered", registry=registry, buckets=_SHARES)
        self._info = Gauge(
            "model_info", "The model that answers", ["digest", "commit"], registry=registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that is over."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def answered(self, probabilities: Sequence[float], labels: Sequence[int]) -> None:
        """Count the answers of a request."""
        for probability, label in zip(probabilities, labels, strict=True):
            self._shares.observe(probability)
            self._labels.labels(str(label)).inc()

    def loaded(self, bundle: Bundle) -> None:
        """Note which model answers from now on."""
        self._info.labels(bundle.build.model_digest or bundle.facts.model, bundle.facts.commit).set(
            1
        )

    def text(self) -> bytes:
        """Give all counts in Prometheus's text format."""
        return generate_latest(self._registry)
