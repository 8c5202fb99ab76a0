"""What our pages say is so."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.machine import ROOT

PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("hooks/*.md")]
    if page.is_file()
)


def test_page_of_questions_says_what_copier_asks() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "scripts/questions.py", "--check"], capture_output=True, text=True
    )

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(("option", "status"), [("--help", 0), ("--chekc", 2)])
@pytest.mark.parametrize(
    "script",
    ["scripts/questions.py", "scripts/cookiecutter.py", "template/scripts/prometheus_rule.py"],
)
def test_script_that_writes_files_writes_none_when_asked_for_help(
    tmp_path: Path, script: str, option: str, status: int
) -> None:
    for name in ("copier.yml", "scripts", "template/scripts", "template/deploy"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    (tmp_path / "docs").mkdir()
    before = contents(tmp_path)
    program = [sys.executable, "-B", tmp_path / script, option]

    asked = subprocess.run(program, capture_output=True, text=True)

    assert asked.returncode == status
    assert "usage: " in asked.stdout + asked.stderr
    assert contents(tmp_path) == before


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    broken = [
        target
        for target in targets
        if not target.startswith(("https://", "mailto:")) and not (page.parent / target).exists()
    ]

    assert broken == []


def test_first_steps_are_the_same_wherever_they_are_printed() -> None:
    printed = {
        name: re.findall(
            r"^ *(git init .*\n(?: *(?:git|uv) .*\n)+)",
            (ROOT / name).read_text(encoding="utf-8"),
            re.MULTILINE,
        )
        for name in ("copier.yml", "docs/start.md", "template/README.md.jinja")
    }

    steps = {tuple(line.strip() for line in block.split("\n")) for [block] in printed.values()}
    assert len(steps) == 1, steps


def test_comparison_tells_the_files_of_today_and_the_benchmark_s_seconds(
    render: Callable[..., Path],
) -> None:
    [(seconds, files)] = re.findall(
        r"^\| Slipway, default project \| ([\d.]+) s \| (\d+) \|",
        (ROOT / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    [measured] = re.findall(
        r"^\| rendering the default project;[^|]*\| ([\d.]+) s;",
        (ROOT / "benchmarks/README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )

    assert int(files) == sum(path.is_file() for path in render().rglob("*"))
    assert float(seconds) == round(float(measured), 1)


def test_decisions_are_all_listed() -> None:
    listed = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")

    assert [
        record.name
        for record in (ROOT / "docs/decisions").glob("0*.md")
        if f"({record.name})" not in listed
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_targets_of_make_that_pages_name_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)", page.read_text(encoding="utf-8")))
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))

    # Prose says "make" too: only what stands in code counts.
    in_code = {
        name
        for name in named
        if f"`make {name}" in page.read_text() or f"\nmake {name}" in page.read_text()
    }
    assert in_code <= targets
