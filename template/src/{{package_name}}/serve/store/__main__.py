"""The command that tells what is stored: `python -m <package>.serve.store`; STORE_URL names the place."""

import argparse
import sys

from ...terminal import carry_out
from .database import configured
from .reading import summary


def main(arguments: list[str] | None = None) -> int:
    """Run it; a mistake that a person can mend is one message and exit code 1."""
    argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__).parse_args(arguments)
    return carry_out("served", lambda: print(summary(configured())))


if __name__ == "__main__":
    sys.exit(main())
