"""`make` brings uv to a machine that has none, or says in one sentence what to install."""

import shutil
import subprocess
from pathlib import Path

import pytest
from harness import machine

# A python3 that lacks what MISSING names, as Debian's does without python3-venv and python3-pip.
PYTHON = """\
#!/bin/sh
for module in $MISSING; do
  if [ "$1 $2" = "-m $module" ]; then echo "No module named $module" >&2; exit 1; fi
done
exec "{python}" "$@"
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Our Makefile and its scripts, in a folder with a space in its name."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    shutil.copy(machine.ROOT / "Makefile", folder)
    shutil.copytree(machine.ROOT / "scripts", folder / "scripts")
    return folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH without uv, and with a uv that does not run, as a stale shim does."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("bash", "dirname", "env", "ln", "make", "mkdir", "rm", "sed", "sh"):
        (folder / name).symlink_to(machine.require(name, "make's recipes use it"))
    python = machine.require("python3", "uv is installed with it")
    (folder / "python3").write_text(PYTHON.format(python=python), encoding="utf-8")
    (folder / "uv").write_text("#!/bin/sh\necho no such version >&2\nexit 127\n", encoding="utf-8")
    for name in ("python3", "uv"):
        (folder / name).chmod(0o755)
    return folder


def _make_uv(clone: Path, programs: Path, missing: str) -> subprocess.CompletedProcess[str]:
    environment = machine.environment(PATH=str(programs), MISSING=missing)
    return subprocess.run(
        ["make", "uv"], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("missing", ["", "venv"], ids=["with venv", "without venv"])
def test_make_brings_a_uv_that_runs(clone: Path, programs: Path, missing: str) -> None:
    made = _make_uv(clone, programs, missing)

    assert made.returncode == 0, made.stderr
    told = subprocess.run(
        [clone / ".tools/bin/uv", "--version"], capture_output=True, text=True, check=True
    ).stdout
    assert f"UV_VERSION := {told.split()[1]}" in (clone / "Makefile").read_text(encoding="utf-8")
    assert [path.name for path in (clone / ".tools/bin").iterdir()] == ["uv"]


def test_second_make_installs_nothing(clone: Path, programs: Path) -> None:
    _make_uv(clone, programs, "venv")

    again = _make_uv(clone, programs, "venv pip")

    assert again.returncode == 0
    assert "installing" not in again.stderr


def test_machine_without_any_way_is_told_what_to_install(clone: Path, programs: Path) -> None:
    refused = _make_uv(clone, programs, "venv pip")

    assert refused.returncode != 0
    assert "install uv from https://docs.astral.sh/uv/, or python3-venv" in refused.stderr
    assert not (clone / ".tools/bin").exists()


def test_uv_version_is_the_one_that_ci_and_projects_get() -> None:
    makefile = (machine.ROOT / "Makefile").read_text(encoding="utf-8")
    settings = (machine.ROOT / "copier.yml").read_text(encoding="utf-8")
    workflow = (machine.ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    version = makefile.split("UV_VERSION := ")[1].split()[0]

    assert f'UV_VERSION: "{version}"' in workflow
    assert f'uv_version:\n  type: str\n  default: "{version}"' in settings
