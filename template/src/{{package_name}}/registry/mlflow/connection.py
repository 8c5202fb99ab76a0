"""The connection to MLflow: where it is, and how its errors are told."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from ...errors import RegistryError, first_line

SQLITE = "sqlite:///"


@contextmanager
def connected(configured: str) -> Iterator[MlflowClient]:
    """Connect to where the environment says, else to where the configuration says.

    Raises RegistryError in place of any error of MLflow within the block.
    """
    uri = address(configured)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        yield MlflowClient()
    except (MlflowException, SQLAlchemyError, OSError) as error:
        said = first_line(error)[:300]
        text = (
            f"MLflow at {uri} fails ({said}): if it is a server, see that it runs; MLFLOW_TRACKING_URI or "
            "conf/tracking/mlflow.yaml names another"
        )
        # Without the name and the password that an address may hold.
        raise RegistryError(re.sub(r"//[^/@\s]*@", "//", text)) from error


def address(configured: str) -> str:
    """The tracking URI; a file of SQLite lies in the repository, also for experiments that run in a copy of it."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or configured
    return SQLITE + (home() / uri.removeprefix(SQLITE)).as_posix() if uri.startswith(SQLITE) else uri


def home() -> Path:
    """The folder of the repository; DVC names it to experiments that run in a copy of it."""
    return Path(os.environ.get("DVC_ROOT") or ".").resolve()


def experiment(name: str) -> str:
    """The id of the experiment of this name, which is made if it is not there."""
    found = mlflow.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    # A server says itself where its files lie.
    is_server = mlflow.get_tracking_uri().startswith(("http://", "https://"))
    return str(
        mlflow.create_experiment(name, artifact_location=None if is_server else (home() / "mlruns").as_uri())
    )
