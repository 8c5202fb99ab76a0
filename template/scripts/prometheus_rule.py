"""Write the rules of Prometheus as the Prometheus Operator wants them: `uv run poe rules`.

Kustomize can take a file into a ConfigMap, and not into a field of another kind.
"""

from pathlib import Path
from textwrap import indent

ROOT = Path(__file__).parents[1]
RULES = ROOT / "deploy/monitoring/prometheus/rules.yml"
MANIFEST = ROOT / "deploy/kubernetes/components/monitoring/rules.yaml"


def manifest() -> str:
    """What the manifest holds up to its `spec`, and the rules as that."""
    head, spec, _ = MANIFEST.read_text(encoding="utf-8").partition("\nspec:\n")
    return head + spec + indent(RULES.read_text(encoding="utf-8"), "  ")


if __name__ == "__main__":
    MANIFEST.write_text(manifest(), encoding="utf-8", newline="\n")
