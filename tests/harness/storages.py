"""The storages of DVC, each on a server that speaks its protocol."""

import os
import shlex
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness import machine
from harness.project import Project
from harness.servers import free_port, listening

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
    """Offer a folder of this machine."""
    yield Storage(str(place / "remote"))


@contextmanager
def s3(place: Path) -> Iterator[Storage]:
    """Offer a bucket of S3."""
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
    """Offer a bucket of Google Cloud Storage."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    server = [machine.tool("gcp-storage-emulator"), "start", "--in-memory", f"--port={port}"]
    with listening([*server, "--default-bucket=models"], port, place / "gcs.log"):
        # Google itself would be asked of what kind the bucket is.
        quiet = {"GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false"}
        yield Storage(
            "gs://models/penguins",
            {"endpointurl": address},
            {"STORAGE_EMULATOR_HOST": address} | quiet,
        )


@contextmanager
def azure(place: Path) -> Iterator[Storage]:
    """Offer a container of Azure Blob Storage."""
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


def reach(project: Project, storage: Storage, *, first: bool = False) -> None:
    """Tell a project where its storage lies; `first` makes the container as well."""
    project.run(f"uv run dvc remote modify storage url {storage.address}")
    for name, value in storage.settings.items():
        project.run(f"uv run dvc remote modify --local storage {name} {value}")
    if first and storage.first:
        command = shlex.join(["uv", "run", "python", "-c", storage.first])
        project.run(command, **storage.credentials)


def _ask(method: str, address: str) -> None:
    with urllib.request.urlopen(urllib.request.Request(address, method=method), timeout=10):
        pass
