"""The licence of a project is the full text of the one that was chosen, with its owner's name."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import machine, tables
from harness.project import read_pyproject

# Of https://www.apache.org/licenses/LICENSE-2.0.txt; Debian ships the same bytes.
APACHE = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
BLANK_HOLDER = "Copyright [yyyy] [name of copyright owner]"

LICENCES = {
    "MIT": ("MIT License", 'THE SOFTWARE IS PROVIDED "AS IS"', "SOFTWARE.\n"),
    "BSD-3-Clause": ("BSD 3-Clause License", "3. Neither the name", "SUCH DAMAGE.\n"),
    "Apache-2.0": ("Version 2.0, January 2004", "9. Accepting Warranty", "under the License.\n"),
    "proprietary": ("All rights reserved.", "prior written permission", "PERMITS.\n"),
}


@pytest.fixture(scope="module")
def licensed(render_only: Callable[..., Callable[..., Path]]) -> Callable[[str], Path]:
    """Return a function that renders what a licence shows in."""
    render = render_only(lambda file: file.stem in ("LICENSE", "pyproject.toml"))
    return lambda name: render({"license": name, "organisation": "Ada & Sons"})


@pytest.mark.parametrize("name", LICENCES)
def test_the_text_is_complete_and_names_its_owner(
    name: str, licensed: Callable[[str], Path]
) -> None:
    text = (licensed(name) / "LICENSE").read_text("utf-8")

    beginning, middle, end = LICENCES[name]
    assert text.index(beginning) < text.index(middle) < text.index(end)
    assert text.endswith(end)
    assert "Copyright" in text
    assert "Ada & Sons" in text


def test_the_apache_licence_is_the_official_text(licensed: Callable[[str], Path]) -> None:
    text = (licensed("Apache-2.0") / "LICENSE").read_text("utf-8")

    blank = text.replace("Copyright Ada & Sons", BLANK_HOLDER)
    assert blank != text
    assert hashlib.sha256(blank.encode()).hexdigest() == APACHE


@pytest.mark.parametrize(
    ("name", "declared"), [("MIT", "MIT"), ("proprietary", "LicenseRef-Proprietary")]
)
def test_the_package_declares_the_licence(
    name: str, declared: str, licensed: Callable[[str], Path]
) -> None:
    assert read_pyproject(licensed(name))["project"]["license"] == declared


def test_every_licence_on_the_list_is_checked_here() -> None:
    assert set(LICENCES) == set(tables.choices(tables.read(machine.ROOT))["license"])
