"""Ask a running service whether it is ready, which model answers, and for the prediction that its own page shows.

    python3 scripts/smoke.py http://127.0.0.1:8000

A service that asks for keys is given the one in the environment variable API_KEY, and must refuse to answer without.
It needs nothing but Python 3.9, so it runs where the project is not installed.
"""

import argparse
import http.client
import json
import os
import sys
import time
from typing import Any
from urllib.parse import urlsplit

CONNECTIONS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


class SmokeError(Exception):
    """The service does not do what it should."""


class Service:
    """A service at an address; it is asked directly: by no proxy, and without following to another address."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in CONNECTIONS or not parts.hostname:
            raise SmokeError(f"{address} is no address of a service: write http://HOST:PORT or https://HOST")
        self._kind, self._place, self._path = CONNECTIONS[parts.scheme], parts.netloc, parts.path.rstrip("/")

    def ask(self, path: str, *, key: str = "", body: Any = None) -> tuple[int, Any]:
        """Return status and JSON of an answer; OSError if there is none, SmokeError if it is no JSON."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        sent = None if body is None else json.dumps(body).encode()
        try:
            connection = self._kind(self._place, timeout=10)
            connection.request(
                "GET" if sent is None else "POST",
                self._path + path,
                sent,
                headers | ({} if sent is None else {"Content-Type": "application/json"}),
            )
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
        except http.client.HTTPException as error:
            raise ConnectionError(f"no HTTP: {error!r}") from error
        try:
            return answer.status, json.loads(text)
        except ValueError:
            raise SmokeError(f"{path} answered {answer.status} and no JSON: {text[:200]!r}") from None


def main() -> int:
    """Ask, and tell what came; a service that fails is one message and exit code 1."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("address", help="such as http://127.0.0.1:8000")
    parser.add_argument("--wait", type=float, default=30, help="seconds to wait until it is ready (30)")
    asked = parser.parse_args()
    try:
        smoke(Service(asked.address), given_key(), asked.wait)
    except LookupError as error:
        print(f"smoke: {asked.address}: an answer has no {error}: is this the service?", file=sys.stderr)
        return 1
    except (SmokeError, OSError) as error:
        print(f"smoke: {asked.address}: {error}", file=sys.stderr)
        return 1
    return 0


def given_key() -> str:
    """Return the key of the environment, without the line break that comes along when one is copied.

    Raises SmokeError, which does not tell the key, if no header can carry it.
    """
    key = os.environ.get("API_KEY", "").strip()
    if not (key.isascii() and key.isprintable()):
        raise SmokeError("API_KEY is no key: it has line breaks or letters that no key has; copy it anew")
    return key


def smoke(service: Service, key: str, patience: float) -> None:
    """Ask for everything that an answer depends on.

    Raises SmokeError for a wrong answer, OSError if there is none.
    """
    wait_until_ready(service, patience)
    if key:
        status, _ = service.ask("/version")
        if status != http.client.UNAUTHORIZED:
            raise SmokeError(f"/version answered {status} without a key, not 401: give it the hashes of keys")
    version = answered(service, "/version", key)
    page = answered(service, "/openapi.json", key)
    example = page["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"]
    predicted = answered(service, "/predict", key, example)["predictions"]
    if not predicted:
        raise SmokeError("/predict answered its own example with no prediction")
    print(f"model {version['model']} {version['model_sha256']}")
    print(f"predicted {json.dumps(predicted[0])}")


def wait_until_ready(service: Service, patience: float) -> None:
    """Return as soon as `/health/ready` says so, or raise what it says when `patience` (seconds) is over."""
    deadline = time.monotonic() + patience
    while True:
        try:
            answered(service, "/health/ready", "")
        except (SmokeError, OSError) as error:
            if time.monotonic() > deadline:
                raise SmokeError(f"not ready after {patience:g} seconds: {error}") from error
            time.sleep(0.5)
        else:
            return


def answered(service: Service, path: str, key: str, body: Any = None) -> dict[str, Any]:
    """Return what a path answers, which must be an object with status 200."""
    status, answer = service.ask(path, key=key, body=body)
    if status != http.client.OK or not isinstance(answer, dict):
        raise SmokeError(f"{path} answered {status}, not 200: {json.dumps(answer)[:300]}")
    return answer


if __name__ == "__main__":
    sys.exit(main())
