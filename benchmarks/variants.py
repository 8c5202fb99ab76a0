"""How many variants are verified per minute: `make benchmark-variants`.

Each is generated, set up, run, and held to everything that it ships, two at a time. Prints the tests' own line per
variant, then the figure.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = [
    "tests/run/test_life.py",
    "--numprocesses",
    "2",
    "--dist",
    "loadgroup",
    "--no-header",
    "-q",
]


def main() -> None:
    """Run the tests of all variants and count."""
    start = time.perf_counter()
    running = subprocess.Popen(
        [sys.executable, "-m", "pytest", *TESTS], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    verified = 0
    assert running.stdout is not None
    for line in running.stdout:
        print(line, end="", flush=True)
        verified += bool(re.match(r"ok +\S+: made in", line))
    minutes = (time.perf_counter() - start) / 60
    if running.wait():
        sys.exit("some variant failed, so there is no figure")
    print(
        f"{verified} variants in {minutes:.1f} minutes: {verified / minutes:.2f} variants per minute"
    )


if __name__ == "__main__":
    main()
