"""The commands `python -m <package>.backup save NAME=ADDRESS... FOLDER`, `daily` and `restore`."""

import argparse
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from ..errors import ConfigurationError
from ..terminal import carry_out
from .daily import save_daily
from .folder import restore, save
from .place import place

COMMANDS = ("save", "daily", "restore")
NOWHERE = "none"
LONGEST = 3660
"""Days that a copy may stay: ten years."""
SERVERS = ("http://", "https://")
VARIABLE = re.compile(r"\$\{(\w+)(?::-(.*))?\}")
"""An environment variable as a shell writes it, with what counts where it is not set."""


def main(arguments: list[str] | None = None) -> int:
    """Run one of them; a mistake that a person can mend is one message and exit code 1."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    parser.add_argument(
        "command", choices=COMMANDS, help="daily: save into a folder of this day below FOLDER"
    )
    parser.add_argument("--keep", type=_days, default=14, help="days that a daily copy stays (default: 14)")
    parser.add_argument(
        "places",
        metavar="NAME=ADDRESS",
        nargs="+",
        help="an SQLite or PostgreSQL database, or a folder; none, or a server's http:// address, is left out; "
        "'NAME=${VARIABLE:-ADDRESS}' reads it from the environment, so that its password is in no list of processes",
    )
    parser.add_argument("folder", type=Path, help="where the copies are")
    chosen = parser.parse_args(arguments)
    return carry_out(chosen.command, lambda: _run(chosen))


def _run(chosen: argparse.Namespace) -> None:
    places = _places(chosen.places)
    if chosen.command == "daily":
        save_daily(places, chosen.folder, chosen.keep)
    elif chosen.command == "save":
        save(places, chosen.folder)
    else:
        restore(places, chosen.folder)


def _days(told: str) -> int:
    if not told.isdecimal() or not 0 < int(told) <= LONGEST:
        raise argparse.ArgumentTypeError(f"'{told}' is no number of days from 1 to {LONGEST}")
    return int(told)


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
