"""What this checkout knows of models that answered, by the SHA-256 of their files."""

from pathlib import Path

from ... import paths
from ...config import Config
from ...errors import RegistryError
from ...files import content_hash, read_json
from ...registry.dvc_files import md5
from ...registry.registry import configured
from ...serve.served import served_path


def file_of(model: str) -> Path | None:
    """The model's file, if it is one of those that lie here."""
    places = (served_path(), paths.SERVED_MODEL, paths.CHAMPION, paths.CHALLENGER)
    return next((path for path in places if path.exists() and content_hash(path) == model), None)


def figures_at_test(config: Config, model: str) -> dict[str, float]:
    """What the model reached on its test rows, by metric: as the pipeline measured it here, or as the registry says.

    Empty if nobody knows.
    """
    file = file_of(model)
    if file is None:
        return {}
    evaluation = read_json(paths.EVALUATION_REPORT) if paths.EVALUATION_REPORT.exists() else {}
    # The report may be of another model: of the one before, while the pipeline runs, or of another commit.
    if evaluation.get("model_sha256") == model:
        return {name: entry["value"] for name, entry in evaluation["metrics"].items()}
    name = md5(file)
    try:
        versions = configured(config.tracking).history().versions
    except RegistryError:
        return {}
    return next((version.metrics for version in versions if version.model.md5 == name), {})
