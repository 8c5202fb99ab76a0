"""The commands that save and bring back: `python -m <package>.backup save NAME=ADDRESS... FOLDER`, and `restore`."""

import argparse
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from ..errors import ConfigurationError
from ..terminal import carry_out
from .folder import restore, save
from .place import place

COMMANDS = {"save": save, "restore": restore}
NOWHERE = "none"
SERVERS = ("http://", "https://")
VARIABLE = re.compile(r"\$\{(\w+)(?::-(.*))?\}")
"""An environment variable as a shell writes it, with what counts where it is not set."""


def main(arguments: list[str] | None = None) -> int:
    """Run one of them; a mistake that a person can mend is one message and exit code 1."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument(
        "places",
        metavar="NAME=ADDRESS",
        nargs="+",
        help="an SQLite or PostgreSQL database, or a folder; none, or a server's http:// address, is left out; "
        "'NAME=${VARIABLE:-ADDRESS}' reads it from the environment, so that its password is in no list of processes",
    )
    parser.add_argument("folder", type=Path, help="where the copies are")
    chosen = parser.parse_args(arguments)
    return carry_out(chosen.command, lambda: COMMANDS[chosen.command](_places(chosen.places), chosen.folder))


def _places(given: list[str]) -> Mapping[str, str]:
    """Return the places that are to be saved or brought back from here, and say which are not."""
    here: dict[str, str] = {}
    seen = set()
    for one in given:
        name, _, told = one.partition("=")
        address = _address(told)
        if not name.isidentifier() or not address:
            raise ConfigurationError(f"{name}={told} names no place: write NAME=ADDRESS")
        if name in seen:
            raise ConfigurationError(f"{name} is named twice, and a copy has one place for it: name it once")
        seen.add(name)
        if address == NOWHERE:
            print(f"{name}: left out, as `{NOWHERE}` says")
        elif address.startswith(SERVERS):
            print(f"{name}: left out, as a server keeps it: what is there is saved where the server runs")
        else:
            place(address)
            here[name] = address
    return here


def _address(told: str) -> str:
    variable = VARIABLE.fullmatch(told)
    return os.environ.get(variable[1]) or variable[2] or "" if variable else told


if __name__ == "__main__":
    sys.exit(main())
