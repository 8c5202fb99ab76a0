"""Data and models travel through each storage, to a server that speaks its protocol."""

import hashlib
import os
import shlex
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from harness import machine
from harness.project import Project, run
from harness.servers import free_port, listening

MADE = ["data/train.parquet", "data/test.parquet", "models/model.onnx", "models/model.skops"]
# The account that Azurite itself publishes for tests.
AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


@dataclass(frozen=True)
class Storage:
    """Where a storage lies and what has to be set to reach it."""

    address: str
    settings: dict[str, str] = field(default_factory=dict)
    """Of the remote, for this machine alone."""
    credentials: dict[str, str] = field(default_factory=dict)
    """Environment variables."""
    first: str = ""
    """Python code that a person of that cloud would run once: makes the container."""


@contextmanager
def folder(place: Path) -> Iterator[Storage]:
    yield Storage(str(place / "remote"))


@contextmanager
def s3(place: Path) -> Iterator[Storage]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with listening([machine.tool("moto_server"), f"--port={port}"], port, place / "s3.log"):
        _ask("PUT", f"{address}/models")
        yield Storage(
            "s3://models/penguins",
            {"endpointurl": address},
            {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "word"},
        )


@contextmanager
def gcs(place: Path) -> Iterator[Storage]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    server = [machine.tool("gcp-storage-emulator"), "start", "--in-memory", f"--port={port}"]
    with listening([*server, "--default-bucket=models"], port, place / "gcs.log"):
        yield Storage(
            "gs://models/penguins", {"endpointurl": address}, {"STORAGE_EMULATOR_HOST": address}
        )


@contextmanager
def azure(place: Path) -> Iterator[Storage]:
    modules = os.environ.get("SLIPWAY_NPM")
    if not modules:
        machine.leave_out("SLIPWAY_NPM does not name a node_modules folder with azurite")
    port = free_port()
    server = [Path(modules) / ".bin/azurite-blob", "--skipApiVersionCheck", "--inMemoryPersistence"]
    connection = (
        f"DefaultEndpointsProtocol=http;AccountName={AZURITE_ACCOUNT};AccountKey={AZURITE_KEY};"
        f"BlobEndpoint=http://127.0.0.1:{port}/{AZURITE_ACCOUNT};"
    )
    with listening([*server, "--blobPort", str(port)], port, place / "azure.log"):
        yield Storage(
            "azure://models/penguins",
            credentials={"AZURE_STORAGE_CONNECTION_STRING": connection},
            first="import os; from azure.storage.blob import BlobServiceClient as Client; "
            "Client.from_connection_string(os.environ['AZURE_STORAGE_CONNECTION_STRING'])"
            ".create_container('models')",
        )


SERVERS = {"local": folder, "s3": s3, "gcs": gcs, "azure": azure}


@pytest.mark.parametrize("storage", SERVERS)
def test_fresh_clone_gets_data_and_models_back(
    project: Callable[..., Project], tmp_path: Path, storage: str
) -> None:
    pushed = project("classification", storage=storage).copy(tmp_path / "project")
    with SERVERS[storage](tmp_path) as place:
        _reach(pushed, place)
        pushed.commit("Name our storage")
        pushed.run(shlex.join(["uv", "run", "python", "-c", place.first]), **place.credentials)
        pushed.run("uv run dvc push", **place.credentials)

        run(f"git clone --quiet {pushed.path} {tmp_path / 'clone'}", tmp_path)
        clone = replace(pushed, path=tmp_path / "clone")
        assert not any((clone.path / name).exists() for name in MADE)
        _reach(clone, place)
        clone.run("uv run dvc pull", **place.credentials)

    assert _contents(clone) == _contents(pushed)
    assert "done in" not in clone.run("uv run poe pipeline").stdout.replace("configure", "")
    assert clone.run("git status --porcelain").stdout == ""


@pytest.mark.parametrize("storage", [name for name in SERVERS if name != "local"])
def test_address_that_was_never_filled_in_is_told_as_such(
    project: Callable[..., Project], storage: str
) -> None:
    settings = (project("classification", storage=storage).path / ".dvc/config").read_text()

    assert "# Put the address of yours here" in settings
    assert "://your-" in settings


def _reach(project: Project, storage: Storage) -> None:
    project.run(f"uv run dvc remote modify storage url {storage.address}")
    for name, value in storage.settings.items():
        project.run(f"uv run dvc remote modify --local storage {name} {value}")


def _contents(project: Project) -> dict[str, str]:
    return {name: hashlib.sha256((project.path / name).read_bytes()).hexdigest() for name in MADE}


def _ask(method: str, address: str) -> None:
    with urllib.request.urlopen(urllib.request.Request(address, method=method), timeout=10):
        pass
