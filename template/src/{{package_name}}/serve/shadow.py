"""A challenger that predicts what the champion was asked, after the answer: nobody waits for it or sees it."""

import contextlib
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from ..errors import ModelError
from .champion import Champion, load, model_state
from .repeated import repeated
from .store.records import Shadowed, now
from .store.store import Store
from .waiting import Waiting

MOST_ROWS = 10_000
"""That may wait for the challenger, those of histories included; requests with more are given up and counted."""
PAUSE = 0.05
"""Seconds between two looks at what waits."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Question:
    """A request that the champion has answered.

    rows  how many it holds, which is what its room is measured by
    ids   those of its predictions
    """

    request: Any
    rows: int
    ids: Sequence[str]
    time: datetime

    def __len__(self) -> int:
        return self.rows


class Shadow:
    """The challenger at a path, if a good one lies there.

    A file that is absent is no mistake: the challenger comes and goes.

    champion  the model that answers when the service starts; later ones are asked in the same way
    """

    def __init__(self, path: Path, champion: Champion, store: Store) -> None:
        self._path = path
        self._champion = champion
        self._store = store
        self._seen: tuple[object, ...] | None = None
        self._waiting = Waiting(MOST_ROWS)
        self._ending = Event()
        self.challenger: Champion | None = None
        self.refused: str | None = None
        """Why the file that is there does not predict, if it does not."""
        self.registry = CollectorRegistry()
        self._rows = Counter("shadow_rows", "Rows that the challenger predicted", registry=self.registry)
        self._given_up = Counter(
            "shadow_rows_given_up",
            "Rows that found no room to wait for the challenger",
            registry=self.registry,
        )
        self._failed = Counter(
            "shadow_rows_failed", "Rows that the challenger cannot predict", registry=self.registry
        )
        self.registry.register(_Challenger(self))
        self.look()

    def ask(self, champion: Champion, request: Any, ids: Sequence[str]) -> None:
        """Have the challenger predict a request soon, unless it is the champion itself."""
        if self.challenger is None or self.challenger.hash == champion.hash:
            return
        if not self._waiting.put(Question(request, champion.contract.rows_held(request), ids, now())):
            self._given_up.inc(len(ids))

    def look(self) -> None:
        """Take the challenger that lies there, if it is another one and can be asked what the champion is asked."""
        state = model_state(self._path)
        if state == self._seen:
            return
        self._seen = state
        self.challenger, self.refused = None, None
        try:
            found = load(self._path)
            _check_comparable(found, self._champion)
        except FileNotFoundError:
            return
        except (OSError, ModelError) as error:
            self.refused = str(error)
            _log.error("challenger refused: %s", error)
            return
        self.challenger = found
        _log.info("challenger: %s", found.hash)

    @contextlib.asynccontextmanager
    async def asked(self, seconds: float) -> AsyncIterator[None]:
        """Predict what waits, and look at the file now and then, as long as the service runs."""
        thread = Thread(target=self._run, name="shadow", daemon=True)
        thread.start()
        try:
            async with repeated(self.look, seconds):
                yield
        finally:
            self._ending.set()
            self._waiting.due.set()

    def _run(self) -> None:
        while not self._ending.is_set():
            self._waiting.due.wait(PAUSE)
            for question in self._waiting.take():
                if not self._ending.is_set():
                    self._predict(question)
                self._waiting.done(len(question))

    def _predict(self, question: Question) -> None:
        challenger = self.challenger
        if challenger is None:
            return
        try:
            columns = challenger.contract.to_columns(question.request)
            prediction = challenger.predictor.predict(columns)
            if not prediction.is_finite.all():
                raise ModelError("it computes no finite number")
            entries = challenger.contract.answers(columns, prediction)
        except Exception as error:
            # Whatever it is, it is no matter of the request, which was answered long ago.
            self._failed.inc(len(question.ids))
            _log.warning("the challenger cannot predict a request: %s: %s", type(error).__name__, error)
            return
        named = [entry | {"id": name} for entry, name in zip(entries, question.ids, strict=True)]
        if self._store.keep(Shadowed(challenger.hash, named, question.time)):
            self._rows.inc(len(question.ids))
        else:
            self._given_up.inc(len(question.ids))


class _Challenger(Collector):
    """Which challenger predicts, read when Prometheus asks."""

    def __init__(self, shadow: Shadow) -> None:
        self._shadow = shadow

    def collect(self) -> Iterator[Metric]:
        """Tell the challenger, if there is one, and whether the file that is there is refused."""
        challenger = self._shadow.challenger
        if challenger is not None:
            about = {"name": challenger.signature.name, "sha256": challenger.hash}
            yield InfoMetricFamily("shadow_model", "The challenger that predicts beside the model", about)
        refused = self._shadow.refused is not None
        yield GaugeMetricFamily("shadow_refused", "1 if the challenger's file is no good", refused)


def _check_comparable(challenger: Champion, champion: Champion) -> None:
    """Raise ModelError if the challenger cannot be asked what the champion is, or predicts something else."""
    ours, theirs = (
        (one.signature.table.target.name, one.signature.table.target.type, one.signature.classes is None)
        for one in (champion, challenger)
    )
    known = {column.name: column.type for column in champion.contract.columns}
    asks = {column.name: column.type for column in challenger.contract.columns}
    if ours != theirs or not asks.items() <= known.items():
        raise ModelError(
            "the challenger has another target, or asks for columns that the model that is served does not: what "
            "clients send tells it too little"
        )
