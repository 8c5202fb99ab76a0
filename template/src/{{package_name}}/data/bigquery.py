"""Rows of Google BigQuery."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from google.api_core.exceptions import GoogleAPIError
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery

from ..config import DataConfig
from ..errors import DataError
from .deadline import SECONDS, in_time
from .query import ROWS_AT_ONCE, Answer, Query

EMULATOR = "BIGQUERY_EMULATOR_HOST"
GIGABYTE = 10**9


class BigQuery(Query):
    """The answer of BigQuery, asked with the project and the credentials that Google's tools find here.

    most_gigabytes  a query that would read more is refused by BigQuery before it costs anything
    """

    def __init__(self, data: DataConfig, changed: str | None = None, most_gigabytes: float = 100) -> None:
        super().__init__(data, changed)
        self.most_bytes = int(most_gigabytes * GIGABYTE)

    @property
    def place(self) -> str:
        """The project that asks."""
        return f"BigQuery project {self._client.project}"

    @contextmanager
    def ask(self, query: str, name: str) -> Iterator[Answer]:
        """Ask, and stream the answer page by page."""
        settings = bigquery.QueryJobConfig(maximum_bytes_billed=self.most_bytes)
        patient = Retry(timeout=SECONDS)
        client = self._client
        try:
            job = in_time(lambda: client.query(query, job_config=settings, retry=patient, job_retry=None))
            rows = job.result(page_size=ROWS_AT_ONCE, retry=patient, job_retry=None)
            if job.statement_type not in (None, "SELECT"):
                raise DataError(f"{name} asks for no rows: write a SELECT into it")
            pages = ([row.values() for row in page] for page in rows.pages)
            yield Answer([field.name for field in rows.schema], pages)
        except (GoogleAPIError, GoogleAuthError, OSError) as error:
            raise DataError(
                f"{name} was not answered by the {self.place} ({_reason(error)}): mend the query, or see "
                "whether your credentials may run it"
            ) from error

    @cached_property
    def _client(self) -> bigquery.Client:
        # An emulator asks for no credentials, and looking for some takes long where there are none.
        credentials = AnonymousCredentials() if os.environ.get(EMULATOR) else None  # type: ignore[no-untyped-call]
        try:
            client: bigquery.Client = in_time(lambda: bigquery.Client(credentials=credentials))
        except (GoogleAuthError, OSError) as error:
            raise DataError(
                f"BigQuery cannot be asked ({_reason(error)}): run `gcloud auth application-default login`, or name "
                "a key file in GOOGLE_APPLICATION_CREDENTIALS, and your project in GOOGLE_CLOUD_PROJECT"
            ) from error
        return client


def _reason(error: Exception) -> str:
    """What Google said, in one line."""
    told = [item["message"] for item in getattr(error, "errors", None) or [] if item.get("message")]
    said = told[0] if told else str(error.args[0]) if error.args else ""
    lines = said.strip().splitlines()
    return lines[0][:500] if lines else type(error).__name__
