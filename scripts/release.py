"""Release the template: what CHANGELOG.md and pyproject.toml say of its versions, and the step to the next one.

prepare X.Y.Z   make what is unreleased that release, of today
version         print the newest release
notes           print what the changelog says of it
check           fail if changelog and pyproject.toml disagree
"""

import argparse
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHANGELOG = ROOT / "CHANGELOG.md"
PYPROJECT = ROOT / "pyproject.toml"

VERSION = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
UNRELEASED = "[Unreleased]"
RELEASED = re.compile(rf"\[(?P<version>{VERSION})\] - \d{{4}}-\d\d-\d\d")
HEADING = re.compile(r"^## +(.*?) *$", re.MULTILINE)
FOR_MAINTAINERS = re.compile(r"^### For maintainers *\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)
DECLARED = re.compile(r'(?<=^version = ")[^"]*(?=")', re.MULTILINE)
NOBODY_KNOWS = "has no text under '### For maintainers': say what they must do, or 'Nothing to do.'"


class ReleaseError(Exception):
    """The release cannot be made, or is not as it should be; the message says why."""


@dataclass(frozen=True)
class Section:
    """What the changelog says of one version."""

    version: str
    text: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but headings."""
        return not re.sub(r"^#.*$", "", self.text, flags=re.MULTILINE).strip()

    @property
    def tells_maintainers(self) -> bool:
        """Whether it says what those must know who pull the version into their projects."""
        found = FOR_MAINTAINERS.search(self.text)
        return bool(found and found[1].strip())


def read(changelog: str) -> tuple[Section | None, list[Section]]:
    """Return what is unreleased, if there is such a section, and the releases, newest first."""
    _, *parts = HEADING.split(changelog)
    unreleased, releases = None, []
    for heading, text in zip(parts[::2], parts[1::2], strict=True):
        if heading == UNRELEASED:
            unreleased = Section(UNRELEASED, text)
        elif named := RELEASED.fullmatch(heading):
            releases.append(Section(named["version"], text))
        else:
            raise ReleaseError(
                f"CHANGELOG.md: '## {heading}' is neither {UNRELEASED} nor [X.Y.Z] - DATE."
            )
    return unreleased, releases


def newest(changelog: str) -> Section:
    """Return the newest release; raises ReleaseError if there is none yet."""
    _, releases = read(changelog)
    if not releases:
        raise ReleaseError("CHANGELOG.md has no release yet.")
    return releases[0]


def prepare(version: str, changelog: str, pyproject: str) -> tuple[str, str]:
    """Return changelog and pyproject.toml of a new release, or raise ReleaseError."""
    unreleased, releases = read(changelog)
    if not re.fullmatch(VERSION, version):
        raise ReleaseError(f"'{version}' is no version of the form X.Y.Z.")
    if releases and _key(version) <= _key(releases[0].version):
        raise ReleaseError(
            f"{version} is not newer than {releases[0].version}, which is the last release."
        )
    # Nobody has the version that stands there before the first release.
    if not releases and _key(version) < _key(_declared(pyproject)):
        raise ReleaseError(f"{version} is older than the version in pyproject.toml.")
    if unreleased is None:
        raise ReleaseError(f"CHANGELOG.md has no section '## {UNRELEASED}'.")
    if unreleased.is_empty:
        raise ReleaseError(f"CHANGELOG.md says nothing under '## {UNRELEASED}'.")
    if not unreleased.tells_maintainers:
        raise ReleaseError(f"CHANGELOG.md: {UNRELEASED} {NOBODY_KNOWS}")

    today = datetime.now(UTC).date()
    heading = f"## {UNRELEASED}\n\n## [{version}] - {today}"
    released = HEADING.sub(lambda old: heading if old[1] == UNRELEASED else old[0], changelog)
    return released, DECLARED.sub(version, pyproject, count=1)


def check(changelog: str, pyproject: str) -> None:
    """Raise ReleaseError if the two disagree, or a release keeps from maintainers what they must know."""
    _, releases = read(changelog)
    if not releases:
        return
    versions = [release.version for release in releases]
    if versions != sorted(set(versions), key=_key, reverse=True):
        raise ReleaseError(f"CHANGELOG.md: {', '.join(versions)} are not in order, newest first.")
    if (declared := _declared(pyproject)) != versions[0]:
        raise ReleaseError(
            f"pyproject.toml has version {declared}, and the newest release in CHANGELOG.md is {versions[0]}."
        )
    for release in releases:
        if not release.tells_maintainers:
            raise ReleaseError(f"CHANGELOG.md: {release.version} {NOBODY_KNOWS}")


def _declared(pyproject: str) -> str:
    found = DECLARED.search(pyproject)
    if not found or not re.fullmatch(VERSION, found[0]):
        raise ReleaseError("pyproject.toml has no line 'version = \"X.Y.Z\"'.")
    return found[0]


def _key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("prepare").add_argument("version", metavar="X.Y.Z")
    for name in ("version", "notes", "check"):
        commands.add_parser(name)
    asked = parser.parse_args()
    changelog, pyproject = (file.read_text(encoding="utf-8") for file in (CHANGELOG, PYPROJECT))
    try:
        match asked.command:
            case "prepare":
                released = prepare(asked.version, changelog, pyproject)
                for file, text in zip((CHANGELOG, PYPROJECT), released, strict=True):
                    file.write_text(text, encoding="utf-8", newline="\n")
            case "version":
                print(newest(changelog).version)
            case "notes":
                print(newest(changelog).text.strip())
            case "check":
                check(changelog, pyproject)
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
