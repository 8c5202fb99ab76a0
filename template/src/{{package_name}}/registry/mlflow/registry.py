"""The registry that is MLflow's: versions with aliases, in a file of this machine or on a server."""

import shutil
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode

from ...config import Config
from ...errors import RegistryError
from ...files import read_json, write_json
from ..dvc_files import md5
from ..history import Decision, Facts, History, Version
from .connection import connected
from .run import COMMIT, MODEL, Run, log

RUN = Path("reports/run.json")
"""Which run in MLflow holds what the pipeline last made."""

FACTS = "facts"
DECISION = "decision."
"""How the tags of decisions begin; each has a name of its own, so that none is ever overwritten."""

CHALLENGER, CHAMPION = "challenger", "champion"


class MlflowRegistry:
    """Runs, versions and aliases in MLflow; decisions in tags of the registered model."""

    files: Collection[str] = ()
    next_step = ""

    def __init__(self, uri: str, experiment: str, model: str) -> None:
        self._uri, self._experiment, self._model = uri, experiment, model

    def log_run(self, config: Config) -> None:
        """Log the pipeline's run.

        Writes  reports/run.json: the run, and the address of its model.
        Raises  RegistryError if MLflow cannot be reached, or refuses.
        """
        with connected(self._uri):
            run = log(config, self._experiment)
        write_json(RUN, asdict(run))

    def history(self) -> History:
        """Everything in MLflow; a champion that was named there by hand, too.

        Raises RegistryError if MLflow cannot be reached, or refuses.
        """
        with connected(self._uri) as client:
            try:
                registered = client.get_registered_model(self._model)
            except MlflowException as error:
                if _is_missing(error):
                    return History()
                raise
            found = client.search_model_versions(f"name = '{self._model}'", max_results=10_000)
        versions = {one.number: one for one in map(_version, found) if one}
        decided = [
            Decision.model_validate_json(text)
            for key, text in registered.tags.items()
            if key.startswith(DECISION)
        ]
        # What somebody has deleted in MLflow was decided about in vain.
        decisions = sorted((one for one in decided if one.version in versions), key=lambda one: one.when)
        history = History(versions=[versions[number] for number in sorted(versions)], decisions=decisions)
        named = int(registered.aliases.get(CHAMPION, 0))
        if named in versions and history.champion != versions[named]:
            why = "the alias champion was given in MLflow itself"
            history.decisions.append(Decision(action="promote", version=named, who="somebody", why=why))
        return history

    def add(self, config: Config, facts: Facts) -> int:
        """Register the model of the pipeline's run; one that this MLflow does not know is logged there first.

        Raises RegistryError if MLflow cannot be reached, or refuses.
        """
        with connected(self._uri) as client:
            run = _known(client, facts) or log(config, self._experiment)
            client.set_tag(run.run, COMMIT, facts.commit)
            tags = {FACTS: facts.model_dump_json(), "commit": facts.commit, "why": facts.why}
            version = mlflow.register_model(run.model, self._model, tags=tags)
            client.set_registered_model_alias(self._model, CHALLENGER, version.version)
        return int(version.version)

    def record(self, decision: Decision, version: Version) -> None:
        """Remember the decision in a tag of its own, then give the alias.

        Raises RegistryError if MLflow cannot be reached, or refuses.
        """
        name = f"{DECISION}{decision.when:%Y%m%dT%H%M%S}.{uuid4().hex[:8]}"
        with connected(self._uri) as client:
            client.set_registered_model_tag(self._model, name, decision.model_dump_json())
            client.set_registered_model_alias(self._model, CHAMPION, str(version.number))
            aliases = client.get_registered_model(self._model).aliases
            if int(aliases.get(CHALLENGER, 0)) == version.number:
                client.delete_registered_model_alias(self._model, CHALLENGER)

    def fetch(self, version: Version, to: Path) -> None:
        """Write the model of a version to a file.

        Raises RegistryError if MLflow cannot be reached, has lost it, or has another one than was registered.
        """
        address = f"models:/{self._model}/{version.number}"
        with connected(self._uri), TemporaryDirectory() as folder:
            found = Path(mlflow.artifacts.download_artifacts(address, dst_path=folder), "model.onnx")
            if not found.exists() or md5(found) != version.model.md5:
                raise RegistryError(
                    f"{address} is not the model that was registered: somebody has changed it; promote another version"
                )
            shutil.copyfile(found, to)


def _version(found: ModelVersion) -> Version | None:
    """A version as it was registered; None for one that somebody has made in MLflow itself."""
    if FACTS not in found.tags:
        return None
    facts = Facts.model_validate_json(found.tags[FACTS])
    return Version(number=int(found.version), **facts.model_dump())


def _known(client: MlflowClient, facts: Facts) -> Run | None:
    """The run that the stage `track` has logged, if it is in this MLflow and is of this model."""
    if not RUN.exists():
        return None
    run = Run(**read_json(RUN))
    try:
        logged = client.get_run(run.run)
    except MlflowException as error:
        if _is_missing(error):
            return None
        raise
    return run if logged.data.tags.get(MODEL) == facts.model.md5 else None


def _is_missing(error: MlflowException) -> bool:
    return bool(error.error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST))
