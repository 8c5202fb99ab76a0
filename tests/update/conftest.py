"""What tests of updates start from."""

from pathlib import Path

import pytest
from harness.once import once
from harness.releases import Releases


@pytest.fixture(scope="session")
def first_release(shared: Path) -> Releases:
    """Return a small template with one release, v1.0.0; a test adds to a copy."""
    return Releases(once(shared / "small-template", Releases.start))


@pytest.fixture
def releases(first_release: Releases, tmp_path: Path) -> Releases:
    """Return such a template of the test's own."""
    return first_release.copy(tmp_path / "template")
