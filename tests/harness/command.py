"""Command lines, as a person types them."""

import shlex
import subprocess
from pathlib import Path

from harness import machine


def run(
    command: str, folder: Path, *, check: bool = True, timeout: float = 900, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command line in a folder, without a shell; `stdout` has both outputs.

    Raises AssertionError with what the command printed if it fails, unless `check` is False.
    """
    ran = subprocess.run(
        shlex.split(command),
        cwd=folder,
        env=machine.environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    if check and ran.returncode:
        tail = "\n".join(ran.stdout.splitlines()[-60:])
        raise AssertionError(f"`{command}` ended with {ran.returncode}:\n{tail}")
    return ran
