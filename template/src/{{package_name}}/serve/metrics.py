"""What the service tells Prometheus: requests, their duration, and what was predicted."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from time import perf_counter

import numpy as np
from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client import Counter as Count
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..model.predictor import Prediction
from .champion import Place

# A single row takes about a millisecond, a thousand rows up to some hundred.
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
VALUE_BUCKETS = 10


class Metrics:
    """Counters of one application; its own registry lets two of them live in one process."""

    def __init__(self, place: Place) -> None:
        signature = place.champion.signature
        self._registry = CollectorRegistry()
        self._registry.register(Served(place))
        # Processor time, memory and open files, on Linux.
        ProcessCollector(registry=self._registry)
        self._requests = Count(
            "http_requests", "Requests answered", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from a request's arrival to the end of its answer",
            ["route"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._rows = Count("predicted_rows", "Rows predicted", registry=self._registry)
        self._not_stored = Count(
            "predictions_not_stored", "Predictions that found no room to wait", registry=self._registry
        )
        if signature.classes is not None:
            self._labels = Count(
                "predicted_labels", "Predictions by class", ["label"], registry=self._registry
            )
            for label in signature.classes:
                self._labels.labels(label)
        else:
            self._values = Histogram(
                "predicted_value",
                "Predicted values",
                buckets=_buckets(signature.table.target.range),
                registry=self._registry,
            )

        # Looking a label up costs more than counting.
        self._count_of = cache(self._requests.labels)
        self._seconds_of = cache(self._seconds.labels)

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count a request that has been answered."""
        self._count_of(route, status).inc()
        self._seconds_of(route).observe(seconds)

    def prediction(self, prediction: Prediction) -> None:
        """Count what was predicted."""
        self._rows.inc(len(prediction.values))
        if prediction.probabilities is None:
            for value in prediction.values:
                self._values.observe(value)
            return
        for label, count in Counter(prediction.values.tolist()).items():
            self._labels.labels(label).inc(count)

    def not_stored(self, predictions: int) -> None:
        """Count predictions that have no room to wait for the store."""
        self._not_stored.inc(predictions)

    def show(self, collector: Collector) -> None:
        """Show what another part of the service tells, too."""
        self._registry.register(collector)

    def page(self) -> bytes:
        """Write all figures in Prometheus's text format."""
        return generate_latest(self._registry)


class Served(Collector):
    """Which model answers, read when Prometheus asks."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def collect(self) -> Iterator[Metric]:
        """Tell the model, and whether the file that is there now is refused."""
        champion = self._place.champion
        about = {"name": champion.signature.name, "sha256": champion.hash}
        yield InfoMetricFamily("model", "The model that answers", about)
        written = champion.written
        yield GaugeMetricFamily("model_written_timestamp_seconds", "When its file was written", written)
        refused = self._place.refused is not None
        yield GaugeMetricFamily("model_refused", "1 if the model's file is another one, and no good", refused)


def _buckets(bounds: tuple[float, float] | None) -> list[float]:
    """Ten steps through the target's range; without a range, count and sum alone."""
    return np.linspace(*bounds, VALUE_BUCKETS + 1).tolist() if bounds else []


class Measured:
    """ASGI middleware that counts and times each request under the route that answered it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note the status on its way back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = perf_counter()
        status = 500  # what the server answers if the application raises

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._metrics.request(route_of(scope), status, perf_counter() - start)


def route_of(scope: Scope) -> str:
    """Return the route that answered; an unknown path is none, for anyone can invent a million of them."""
    return getattr(scope.get("route"), "path", "other")
