"""The command line of versions: register, promote, rollback, champion, versions.

    python -m <package>.registry promote --because 'Fewer misses'
"""

import argparse
import sys
from collections.abc import Callable

from ..config import Config, compose
from ..terminal import carry_out
from .commands import champion, promote, register, rollback, versions


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a mistake that a person can mend is one message and exit code 1."""
    options = _parser().parse_args(arguments)
    return carry_out(options.command, lambda: print(options.run(compose(options.overrides), options)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, help_: str, run: Callable[[Config, argparse.Namespace], str]
    ) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(name, help=help_, description=help_)
        added.set_defaults(run=run)
        added.add_argument("overrides", nargs="*", help="Hydra overrides, such as tracking.margin=0.01")
        return added

    deciding = [
        command(
            "register",
            "make the pipeline's model the newest version, the challenger",
            lambda config, options: register(config, options.because),
        ),
        command(
            "promote",
            "make the challenger the champion if it is better",
            lambda config, options: promote(config, options.version, options.because, options.force),
        ),
        command(
            "rollback",
            "make the version that was champion before the champion again",
            lambda config, options: rollback(config, options.because),
        ),
    ]
    for added in deciding:
        added.add_argument("--because", default="", metavar="WHY", help="what is remembered as the reason")
    deciding[1].add_argument("--version", type=int, help="another version than the challenger")
    deciding[1].add_argument(
        "--force", default="", metavar="WHY", help="promote it although it is not better; remembered"
    )
    command("champion", "fetch the champion's model", lambda config, _: champion(config))
    command("versions", "list the versions, and who decided what and why", lambda config, _: versions(config))
    return parser


if __name__ == "__main__":
    sys.exit(main())
