"""Write the rules of Prometheus as the Prometheus Operator wants them: `uv run poe rules`.

Kustomize can take a file into a ConfigMap, and not into a field of another kind.
"""

import argparse
from pathlib import Path
from textwrap import indent

DEPLOY = Path(__file__).parents[1] / "deploy"
RULES = DEPLOY / "monitoring/prometheus/rules.yml"
CUSTOM_RESOURCE = DEPLOY / "kubernetes/components/monitoring/rules.yaml"


def custom_resource() -> str:
    """What the custom resource holds up to its `spec`, and the rules as that."""
    head, spec, _ = CUSTOM_RESOURCE.read_text(encoding="utf-8").partition("\nspec:\n")
    return head + spec + indent(RULES.read_text(encoding="utf-8"), "  ")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    CUSTOM_RESOURCE.write_text(custom_resource(), encoding="utf-8", newline="\n")
