"""The command that deletes what is stored of somebody, or what is old: `python -m <package>.serve.store.forget`.

Without --delete it only counts. STORE_URL names the place.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

from ...errors import ConfigurationError
from ...terminal import carry_out
from ..settings import MOST_DAYS
from .chosen import Chosen, ids_with, named, older
from .database import Database, configured


def main(arguments: list[str] | None = None) -> int:
    """Run it; a mistake that a person can mend is one message and exit code 1."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {__package__}.forget", description=__doc__, fromfile_prefix_chars="@"
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--ids", nargs="+", help="predictions by their ids; @FILE reads them from its lines")
    which.add_argument(
        "--where",
        nargs="+",
        metavar="COLUMN=VALUE",
        help="those made from all of these values; none: COLUMN=",
    )
    which.add_argument("--older-than", type=float, metavar="DAYS", help="all that is older")
    parser.add_argument("--delete", action="store_true", help="delete them; it cannot be undone")
    chosen = parser.parse_args(arguments)
    return carry_out("forget", lambda: _forget(chosen))


def _forget(options: argparse.Namespace) -> None:
    database = configured()
    chosen = _chosen(database, options)
    counted = database.count(chosen)
    if not options.delete:
        print(f"in {database.place}: {_told(counted)}; nothing is deleted without --delete")
        return
    print(f"deleted from {database.place}: {_told(database.delete(chosen))}")
    if not database.emptied_log():
        print(
            "others are using the store, and the log beside its file may still hold them: run the command again"
        )


def _chosen(database: Database, options: argparse.Namespace) -> Sequence[Chosen]:
    if options.older_than is not None:
        if not 0 <= options.older_than <= MOST_DAYS:
            raise ConfigurationError(
                f"--older-than {options.older_than:g} is not possible: name a number of days from 0 to {MOST_DAYS}"
            )
        return [older(options.older_than)]
    if options.ids is not None:
        return named([one.strip() for one in options.ids if one.strip()])
    values = dict(one.partition("=")[::2] for one in options.where)
    if wrong := [one for one in options.where if "=" not in one]:
        raise ConfigurationError(f"--where {wrong[0]} names no value: write COLUMN=VALUE")
    if len(values) < len(options.where):
        raise ConfigurationError("--where names a column twice, which has one value in a row: name it once")
    return named(ids_with(database, values))


def _told(rows: Counter[str]) -> str:
    named = {"predictions": "predictions", "a challenger's": "shadow_predictions", "outcomes": "feedback"}
    return ", ".join(f"{name} {rows[table]:,}" for name, table in named.items())


if __name__ == "__main__":
    sys.exit(main())
