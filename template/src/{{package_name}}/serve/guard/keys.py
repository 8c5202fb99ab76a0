"""API keys: several, each with a name, of which the service knows only the hashes.

A key is 256 random bits, so its SHA-256 tells nothing of it: nobody can try 2^256 keys. The slow hashes that passwords
need, since people choose those, would add nothing here but time to each request.
"""

import logging
import re
import secrets
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from time import monotonic

from ...errors import ConfigurationError
from ...files import state_of

_log = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 1.0
"""A key that was taken out of the file is refused this much later at most."""

_ENTRY = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,63}):(?P<hash>[0-9a-fA-F]{64})")

Known = list[tuple[str, bytes]]


def new_key() -> str:
    """Draw a key: 256 random bits, as 43 characters that headers can carry."""
    return secrets.token_urlsafe(32)


def entry(name: str, key: str) -> str:
    """Write what the service has to know of a key: `name:hash`.

    Raises ConfigurationError if the name cannot stand there.
    """
    line = f"{name}:{_hash(key.encode()).decode()}"
    if not _ENTRY.fullmatch(line):
        raise ConfigurationError(
            f"{name!r} is no name of a key: take 1 to 64 letters, digits, dots, hyphens or underscores, "
            "and begin with a letter or digit"
        )
    return line


class Keys:
    """The keys of API_KEYS and API_KEYS_FILE; the file is read again when it has changed.

    Where a file is named, its absence means that nobody has a key yet, and not that nobody needs one.
    Raises ConfigurationError if either is malformed, or the file cannot be read.
    """

    def __init__(self, listed: str, file: Path | None) -> None:
        self.are_needed = bool(listed or file)
        self._file = file
        self._listed = _parsed(listed.split(","), "API_KEYS: entry")
        self._state = state_of(file) if file else None
        self._known = [*self._listed, *_read(file)]
        self._next_look = 0.0

    def report(self) -> None:
        """Say in the log who may ask, if it is everybody or nobody."""
        if not self.are_needed:
            _log.warning(
                "no API key is set, so whoever reaches the service may ask: "
                "docs/options/serving-api.md says how to set one"
            )
        elif not self._known:
            _log.warning("%s holds no API key yet, so nobody may ask", self._file or "API_KEYS")

    def name_of(self, key: bytes) -> str | None:
        """Return the name of a key, None if it is none of ours; all are compared, so that time tells nothing."""
        self._look()
        presented, name = _hash(key), None
        for known, hash_ in self._known:
            if compare_digest(presented, hash_):
                name = known
        return name

    def _look(self) -> None:
        """Take over what the file holds if it has changed; if that is malformed, the keys from before stay."""
        now = monotonic()
        if self._file is None or now < self._next_look:
            return
        self._next_look = now + SECONDS_BETWEEN_LOOKS
        try:
            found = state_of(self._file)
            if found == self._state:
                return
            self._state = found
            self._known = [*self._listed, *_read(self._file)]
        except (ConfigurationError, OSError) as error:
            _log.error("API keys not read again: %s", error)
            return
        _log.info("API keys read again: %d", len(self._known))
        self.report()


def _read(file: Path | None) -> Known:
    if file is None:
        return []
    try:
        # What is no UTF-8 matches no name, and is refused with its line.
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigurationError(f"API_KEYS_FILE={file} cannot be read: {error.strerror}") from error
    return _parsed((line.partition("#")[0] for line in lines), f"API_KEYS_FILE={file}: line")


def _parsed(entries: Iterable[str], place: str) -> Known:
    """Read `name:hash` entries; a message never shows one, for it may be a key that was put there by mistake."""
    known = []
    for number, text in enumerate(entries, 1):
        if not text.strip():
            continue
        match = _ENTRY.fullmatch(text.strip())
        if match is None:
            raise ConfigurationError(
                f"{place} {number} must be NAME:HASH, where HASH is the SHA-256 of a key in 64 hexadecimal digits: "
                "`uv run poe key NAME` makes both"
            )
        known.append((match["name"], match["hash"].lower().encode()))
    return known


def _hash(key: bytes) -> bytes:
    return sha256(key).hexdigest().encode()
