"""What the monitor found of a challenger that predicted beside the model, on what people really asked."""

from pathlib import Path
from tempfile import TemporaryDirectory

from .. import paths
from ..errors import RefusedError
from ..files import content_hash, read_json
from ..report.wording import figure
from .history import Version
from .registry import Registry


def check_in_service(registry: Registry, challenger: Version) -> str:
    """Say how the challenger did by outcomes, on the same requests; empty if the monitor has not compared it.

    Reads   reports/monitor.json, if it is there.
    Raises  RefusedError if it did worse than what was answered, beyond chance.
    """
    if not paths.SERVED_VERDICT.exists():
        return ""
    verdict = read_json(paths.SERVED_VERDICT)
    with TemporaryDirectory() as folder:
        model = Path(folder, "model.onnx")
        registry.fetch(challenger, model)
        name = content_hash(model)
    found = next((one for one in verdict["comparisons"] if one["challenger"] == name), None)
    if found is None:
        return ""
    challenged, answered = figure(found["of_challenger"]), figure(found["of_answers"])
    told = (
        f"in service {found['metric']} {challenged} against {answered} of what was answered, "
        f"on the same {found['rows']:,} requests, as of {verdict['time'][:10]}"
    )
    if found["better"] < 0:
        raise RefusedError(f"version {challenger.number} is worse than what was answered: {told}")
    return told
