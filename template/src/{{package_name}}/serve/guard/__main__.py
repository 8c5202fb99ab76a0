"""Makes an API key: `python -m <package>.serve.guard NAME`.

The key goes to the terminal, and the line for API_KEYS_FILE to standard output, which may be that file.
"""

import argparse
import sys

from ...errors import ConfigurationError
from .keys import entry, new_key


def main(arguments: list[str] | None = None) -> int:
    """Make one key; a name that cannot be is one message and exit code 1."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    parser.add_argument("name", metavar="NAME", help="who gets the key: it stands in the log")
    name = parser.parse_args(arguments).name
    key = new_key()
    try:
        line = entry(name, key)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The key of {name}, which is shown this once:\n\n    {key}\n", file=sys.stderr)
    print("What the service has to know of it, one line of API_KEYS_FILE:\n", file=sys.stderr, flush=True)
    print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
