"""The command line of predictions for files.

    python -m <package>.serve score INPUT OUTPUT
    python -m <package>.serve example OUTPUT

The environment variable MODEL_PATH names the model, models/model.onnx if it is not set.
"""

import argparse
import sys
from pathlib import Path

from ..config import compose
from ..terminal import INTERRUPTED, carry_out
from .score import ROWS_AT_ONCE, score, write_example


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a mistake that a person can mend is one message and exit code 1."""
    options = _parser().parse_args(arguments)
    return carry_out(options.command, lambda: options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    help_ = "predict every row of a file; run it again after an interruption, and it goes on where it was"
    scoring = commands.add_parser("score", help=help_, description=help_)
    scoring.add_argument(
        "input", type=Path, help="the rows: .csv or .parquet, as conf/data/ says of the training data"
    )
    scoring.add_argument("output", type=Path, help="where the predictions go: .csv or .parquet")
    scoring.add_argument(
        "--rows-at-once",
        type=int,
        default=ROWS_AT_ONCE,
        help=f"how many rows are in memory at a time (default: {ROWS_AT_ONCE:,})",
    )
    scoring.add_argument("overrides", nargs="*", help="Hydra overrides, such as \"data.separator=';'\"")
    scoring.set_defaults(run=_score)
    help_ = "write a table that shows what the model asks for"
    showing = commands.add_parser("example", help=help_, description=help_)
    showing.add_argument("output", type=Path, help="where the table goes: .parquet")
    showing.set_defaults(run=lambda options: write_example(options.output))
    return parser


def _score(options: argparse.Namespace) -> int:
    try:
        manifest = score(compose(options.overrides), options.input, options.output, options.rows_at_once)
    except KeyboardInterrupt:
        print("score: interrupted; the same command goes on where it was", file=sys.stderr)
        return INTERRUPTED
    print(manifest)
    return 0


if __name__ == "__main__":
    sys.exit(main())
