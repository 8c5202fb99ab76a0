"""Databases of known weaknesses that Trivy opens: its own cannot be fetched here.

Trivy keeps them in a file of bbolt (https://github.com/etcd-io/bbolt), whose pages are written here by its format:
two pages that say where all else is, an empty list of free ones, and one leaf that holds every bucket.
"""

import json
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SOURCE = "pip::GitHub Security Advisory Pip"
PAGE = 4096
META, LEAF, FREELIST = 0x04, 0x02, 0x10
MAGIC, VERSION = 0xED0CDAED, 2
BUCKET = 1


def write(cache: Path, weaknesses: Mapping[str, str], *, age: timedelta) -> None:
    """Write what Trivy finds in its cache: critical weaknesses that every version of a Python package has.

    weaknesses  the weakness, such as CVE-2026-00001, by package
    """
    advisory = {"PatchedVersions": ["9999.0"], "VulnerableVersions": ["<9999.0"]}
    source = {
        "ID": "ghsa",
        "Name": SOURCE.partition("::")[2],
        "URL": "https://github.com/advisories",
    }
    buckets = {
        "data-source": {SOURCE: source},
        SOURCE: {package: {name: advisory} for package, name in weaknesses.items()},
        "vulnerability": {
            name: {"Title": "Planted", "Severity": "CRITICAL"} for name in weaknesses.values()
        },
    }
    depths = {"data-source": 0, SOURCE: 1, "vulnerability": 0}
    leaf = _page(
        3, LEAF, [(BUCKET, name, _bucket(buckets[name], depths[name])) for name in buckets]
    )

    (cache / "db").mkdir(parents=True)
    (cache / "db/trivy.db").write_bytes(_file(leaf))
    day = datetime.now(UTC) - age
    metadata = {
        "Version": VERSION,
        "UpdatedAt": day.isoformat(),
        "NextUpdate": (day + timedelta(days=1)).isoformat(),
        "DownloadedAt": day.isoformat(),
    }
    (cache / "db/metadata.json").write_text(json.dumps(metadata), encoding="utf-8")


def _bucket(content: Mapping[str, Any], depth: int) -> bytes:
    """Return a bucket of JSON texts, or with a depth of buckets, as the value of its entry."""
    entries = [
        (BUCKET, key, _bucket(value, depth - 1)) if depth else (0, key, json.dumps(value).encode())
        for key, value in content.items()
    ]
    return struct.pack("<QQ", 0, 0) + _page(0, LEAF, entries)


def _page(number: int, kind: int, entries: list[tuple[int, str, bytes]]) -> bytes:
    elements, data = b"", b""
    for place, (flags, name, value) in enumerate(sorted(entries, key=lambda one: one[1].encode())):
        key = name.encode()
        start = 16 * (len(entries) - place) + len(data)
        elements += struct.pack("<IIII", flags, start, len(key), len(value))
        data += key + value
    overflow = (16 + len(elements) + len(data) - 1) // PAGE if number else 0
    return struct.pack("<QHHI", number, kind, len(entries), overflow) + elements + data


def _file(leaf: bytes) -> bytes:
    pages = [leaf[start : start + PAGE].ljust(PAGE, b"\0") for start in range(0, len(leaf), PAGE)]
    heads = []
    for number in (0, 1):
        body = struct.pack("<IIIIQQQQQ", MAGIC, VERSION, PAGE, 0, 3, 0, 2, 3 + len(pages), number)
        heads.append(_page(number, META, []) + body + struct.pack("<Q", _hash(body)))
    heads.append(_page(2, FREELIST, []))
    return b"".join([*(head.ljust(PAGE, b"\0") for head in heads), *pages])


def _hash(data: bytes) -> int:
    """Return the checksum that bbolt asks for: FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value
