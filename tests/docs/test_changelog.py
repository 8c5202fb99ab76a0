"""A release is prepared whole or not at all, and tells what it brings and what maintainers must know."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness.machine import ROOT
from harness.project import read_pyproject

SCRIPT = Path("scripts/release.py")
NEWS = "### Added\n\n- More.\n"
NOTHING = "### For maintainers\n\nNothing to do.\n"
UNRELEASED = f"## [Unreleased]\n\n{NEWS}\n{NOTHING}"
FIRST = f"## [0.1.0] - 2026-01-31\n\n{NEWS}\n{NOTHING}"

REFUSED = {
    "no version": ("0.2", [UNRELEASED, FIRST], "form X.Y.Z"),
    "a leading zero": ("0.02.0", [UNRELEASED, FIRST], "form"),
    "a pre-release": ("0.2.0rc1", [UNRELEASED, FIRST], "form"),
    "the last": ("0.1.0", [UNRELEASED, FIRST], "not newer"),
    "an older one": ("0.0.10", [UNRELEASED, FIRST], "not newer"),
    "an older first": ("0.0.9", [UNRELEASED], "older than"),
    "no section": ("0.2.0", [FIRST], "no section"),
    "nothing new": ("0.2.0", ["## [Unreleased]\n", FIRST], "says nothing"),
    "only headings": ("0.2.0", ["## [Unreleased]\n\n### Added\n", FIRST], "says nothing"),
    "nothing for maintainers": (
        "0.2.0",
        [f"## [Unreleased]\n\n{NEWS}", FIRST],
        "### For maintainers",
    ),
    "an empty word to maintainers": (
        "0.2.0",
        [f"## [Unreleased]\n\n### For maintainers\n\n{NEWS}", FIRST],
        "### For maintainers",
    ),
    "another heading": ("0.2.0", ["## Unreleased\n", FIRST], "'## Unreleased' is neither"),
}
"""What is asked for, the changelog, and a part of the reason."""

DISAGREEING = {
    "versions": ("0.2.0", [FIRST], "pyproject.toml has version 0.2.0"),
    "maintainers": ("0.1.0", [FIRST.replace(NOTHING, "")], "0.1.0 has no text under"),
    "an older release": (
        "0.2.0",
        [FIRST.replace("0.1.0", "0.2.0"), FIRST.replace("Nothing to do.", "")],
        "0.1.0 has no text under",
    ),
    "order": ("0.1.0", [FIRST, FIRST.replace("0.1.0", "0.2.0")], "not in order"),
    "twice": ("0.1.0", [FIRST, FIRST], "not in order"),
    "no date": ("0.1.0", ["## [0.1.0]\n", FIRST], "'## [0.1.0]' is neither"),
}
"""The version in pyproject.toml, the changelog, and a part of the reason."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / SCRIPT).parent.mkdir()
    shutil.copy(ROOT / SCRIPT, tmp_path / SCRIPT)
    return tmp_path


def test_our_changelog_and_version_agree() -> None:
    checked = _ask(ROOT, "check")

    assert checked.returncode == 0, checked.stderr


def test_what_is_unreleased_becomes_the_release(folder: Path) -> None:
    earlier = FIRST.replace("0.1.0", "0.9.0")
    _write(folder, UNRELEASED, earlier)

    prepared = _ask(folder, "prepare", "0.10.0")

    assert prepared.returncode == 0, prepared.stderr
    text = _read(folder)["CHANGELOG.md"]
    assert re.findall(r"^## (.*)$", re.sub(r"\d{4}(-\d\d){2}", "DATE", text), re.MULTILINE) == [
        "[Unreleased]",
        "[0.10.0] - DATE",
        "[0.9.0] - DATE",
    ]
    assert re.search(r"## \[Unreleased\]\n\n## \[0\.10\.0\] - \S+\n\n### Added\n", text)
    assert text.endswith(earlier)
    pyproject = read_pyproject(folder)
    assert pyproject["project"]["version"] == "0.10.0"
    assert pyproject["tool"]["uv"]["required-version"] == ">=0.5"
    assert _ask(folder, "check").returncode == 0
    assert _ask(folder, "version").stdout == "0.10.0\n"
    assert _ask(folder, "notes").stdout == f"{NEWS}\n{NOTHING}"


def test_first_release_may_have_the_version_that_stands_there(folder: Path) -> None:
    _write(folder, UNRELEASED)
    assert _ask(folder, "check").returncode == 0

    assert _ask(folder, "prepare", "0.1.0").returncode == 0

    assert _ask(folder, "version").stdout == "0.1.0\n"
    assert read_pyproject(folder)["project"]["version"] == "0.1.0"


@pytest.mark.parametrize("case", REFUSED)
def test_release_is_refused_in_a_sentence_with_nothing_written(folder: Path, case: str) -> None:
    version, sections, reason = REFUSED[case]
    _write(folder, *sections)
    before = _read(folder)

    refused = _ask(folder, "prepare", version)

    assert refused.returncode == 1
    assert reason in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert _read(folder) == before


@pytest.mark.parametrize("case", DISAGREEING)
def test_what_disagrees_is_named(folder: Path, case: str) -> None:
    version, sections, reason = DISAGREEING[case]
    _write(folder, *sections, version=version)

    checked = _ask(folder, "check")

    assert checked.returncode == 1
    assert reason in checked.stderr


@pytest.mark.parametrize("command", ["version", "notes"])
def test_nothing_is_made_up_before_the_first_release(folder: Path, command: str) -> None:
    _write(folder, UNRELEASED)

    asked = _ask(folder, command)

    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr == "CHANGELOG.md has no release yet.\n"


def _write(folder: Path, *sections: str, version: str = "0.1.0") -> None:
    text = "\n".join(["# Changelog\n\nIts form.\n", *sections])
    (folder / "CHANGELOG.md").write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_text(
        f'[tool.uv]\nrequired-version = ">=0.5"\n\n[project]\nname = "slipway"\nversion = "{version}"\n'
    )


def _read(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in ("CHANGELOG.md", "pyproject.toml")}


def _ask(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, folder / SCRIPT, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
