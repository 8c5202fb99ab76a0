"""The command that tells what is stored: `python -m <package>.serve.store`; STORE_URL names the place."""

import argparse
import sys

from ...errors import ConfigurationError
from ...terminal import carry_out
from ..settings import settings
from .database import Database
from .reading import summary


def main(arguments: list[str] | None = None) -> int:
    """Run it; a mistake that a person can mend is one message and exit code 1."""
    argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__).parse_args(arguments)
    return carry_out("served", _tell)


def _tell() -> None:
    chosen = settings()
    if not chosen.stores:
        raise ConfigurationError("STORE_URL is none, so nothing is stored: set it to the address of a store")
    print(summary(Database(chosen.store_url)))


if __name__ == "__main__":
    sys.exit(main())
