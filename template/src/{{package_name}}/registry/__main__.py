"""The command line of the model's versions: `python -m <package>.registry promote --because 'It misses fewer'`."""

import argparse
import sys

from ..config import compose
from ..terminal import carry_out
from .commands import challenger, champion, promote, register, rollback, versions


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a mistake that a person can mend is one message and exit code 1."""
    options = vars(_parser().parse_args(arguments))
    command, run, overrides = options.pop("command"), options.pop("run"), options.pop("overrides")
    return carry_out(command, lambda: print(run(compose(overrides), **options)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for run, help_ in {
        register: "make the pipeline's model the newest version, the challenger",
        promote: "make the challenger the champion if it is better",
        rollback: "make the version that was champion before the champion again",
        champion: "fetch the champion's model",
        challenger: "fetch the challenger's model",
        versions: "list the versions, and who decided what and why",
    }.items():
        command = commands.add_parser(run.__name__, help=help_, description=help_)
        command.set_defaults(run=run)
        command.add_argument("overrides", nargs="*", help="Hydra overrides, such as tracking.margin=0.01")
        if run in (register, promote, rollback):
            command.add_argument("--because", default="", help="why; it is remembered")
        if run is promote:
            command.add_argument("--version", dest="number", type=int, help="another one than the challenger")
            command.add_argument(
                "--force", default="", help="why, although it is not better; it is remembered"
            )
    return parser


if __name__ == "__main__":
    sys.exit(main())
