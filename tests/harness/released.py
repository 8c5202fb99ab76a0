"""The releases of this template, as its history tells them: a tag may be missing in a clone, a commit is not."""

import re
from pathlib import Path

from harness import machine
from harness.command import run

SUBJECT = re.compile(r"Release (v\d+\.\d+\.\d+)")


def released(repository: Path = machine.ROOT) -> dict[str, str]:
    """Return the commit of each release in a clone, by its tag, oldest first.

    Of two commits that say to be one release, the older is it: a tag is never moved.
    """
    log = "git log --topo-order --reverse --grep '^Release v' --format='%H %s'"
    found: dict[str, str] = {}
    for line in run(log, repository).stdout.splitlines():
        commit, _, subject = line.partition(" ")
        if named := SUBJECT.fullmatch(subject):
            found.setdefault(named[1], commit)
    return found
