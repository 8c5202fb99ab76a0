"""The stage that logs the pipeline's run: `python -m <package>.registry.mlflow.track`."""

import argparse
import sys
from pathlib import Path
from typing import cast

from ...config import Config, given
from ...terminal import carry_out
from ..registry import configured
from .registry import MlflowRegistry


def track(config: Config) -> None:
    """Log what the pipeline made in the MLflow that conf/tracking/mlflow.yaml names.

    Reads   what the stages before have written.
    Writes  reports/run.json: the run, and the address of its model.
    Raises  RegistryError if MLflow cannot be reached, or refuses.
    """
    cast(MlflowRegistry, configured(config.tracking)).log_run(config)


def main(arguments: list[str] | None = None) -> int:
    """Run the stage; a mistake that a person can mend is one message and exit code 1."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}.track", description=__doc__)
    parser.add_argument("--params", type=Path, help="read this composed configuration in place of conf/")
    parser.add_argument(
        "overrides", nargs="*", help="Hydra overrides, such as tracking.registry.experiment=try"
    )
    options = parser.parse_args(arguments)
    return carry_out("track", lambda: track(given(options.params, options.overrides)))


if __name__ == "__main__":
    sys.exit(main())
