"""The lists of names that a package may not have are complete."""

import json
import re
import sys
from pathlib import Path

import pytest
from harness import machine, tables
from harness.command import run
from harness.project import Project
from harness.rendered import Variant
from harness.variants import PYTHONS

ALLOWED = re.compile(r"[a-z]([a-z0-9_]*[a-z0-9])?")

PYTHONS_OWN = """
import json, keyword, sys
print(json.dumps([sorted(sys.stdlib_module_names), keyword.kwlist, keyword.softkwlist]))
"""
INSTALLED = """
import json, re
from importlib import metadata
installed = (found.metadata["Name"] for found in metadata.distributions())
names = {re.sub("[-_.]+", "_", name).lower() for name in installed}
print(json.dumps(sorted(names | set(metadata.packages_distributions()))))
"""


@pytest.fixture(scope="module")
def taken(template: Path) -> set[str]:
    """Return every name on the lists."""
    settings = tables.read(template)
    lists = ("python_names", "library_names", "folder_names", "python_keywords")
    return {name for listed in lists for name in settings[listed]["default"].split()}


@pytest.mark.parametrize("version", PYTHONS)
def test_every_module_and_keyword_of_python_is_taken(
    version: str, taken: set[str], tmp_path: Path
) -> None:
    program = tmp_path / "names.py"
    program.write_text(PYTHONS_OWN)
    python = machine.require_python(version)

    printed = run(f"uv run --quiet --no-project --python {python} {program}", tmp_path).stdout
    modules, keywords, soft_keywords = map(set, json.loads(printed))

    assert {"json", "asyncio"} <= modules
    assert {name for name in modules | keywords if ALLOWED.fullmatch(name)} - taken == set()
    assert soft_keywords - {"_"} <= taken


def test_every_library_of_a_variant_is_taken_by_both_of_its_names(
    taken: set[str], fresh_variant: Project, tmp_path: Path
) -> None:
    program = tmp_path / "names.py"
    program.write_text(INSTALLED)

    installed = set(json.loads(fresh_variant.run(f"uv run python {program}").stdout))

    assert {"sklearn", "scikit_learn", "hydra", "hydra_core"} <= installed
    installed.remove(fresh_variant.package)
    assert {name for name in installed if ALLOWED.fullmatch(name)} - taken == set()


def test_every_folder_of_the_project_is_taken(taken: set[str], defaults: Variant) -> None:
    folders = {path.name for path in defaults.path.iterdir() if path.is_dir()}

    assert {"src", "conf"} <= folders
    assert {name for name in folders if ALLOWED.fullmatch(name)} - taken == set()


def test_this_interpreter_is_among_those_that_are_asked() -> None:
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in PYTHONS
