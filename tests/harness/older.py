"""Older versions of the template, made from today's: what a project may have been generated from."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from harness import machine
from harness.command import run
from harness.git import begin, release
from harness.released import released

SOURCE = "template/src/{{package_name}}"


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{old} is not in {file.name}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def fewer_questions(template: Path) -> None:
    """Two questions were not asked yet; a page and a picture were there that are gone today."""
    settings = template / "copier.yml"
    for question in ("deployment", "drift_report"):
        _replace(
            settings,
            f"\n{question}:\n  type: str\n",
            f"\n{question}:\n  type: str\n  when: false\n",
        )
    (template / "template/docs/options/parts.md").write_text("# Parts\n\n![parts](parts.png)\n")
    (template / "template/docs/options/parts.png").write_bytes(b"\x89PNG\x00of old")


def other_names(template: Path) -> None:
    """A folder, a module and a test had other names."""
    _replace(template / "copier.yml", "/docs/options", "/docs/parts")
    (template / "template/docs/options").rename(template / "template/docs/parts")
    (template / SOURCE / "terminal.py").rename(template / SOURCE / "console.py")
    for module in (template / SOURCE).rglob("*.py"):
        text = module.read_text(encoding="utf-8")
        module.write_text(text.replace("terminal import", "console import"), encoding="utf-8")
    tests = template / "template/tests/unit"
    (tests / "test_table.py.jinja").rename(tests / "test_columns.py.jinja")


def another_order(template: Path) -> None:
    """Jobs and tasks stood in another order, lines had other words, and versions were older."""
    workflow = template / "template/.github/workflows/ci.yml.jinja"
    text = workflow.read_text(encoding="utf-8")
    check = text[text.index("  check:\n") : text.index("  test:\n")]
    workflow.write_text(
        text.replace(check, "").rstrip() + f"\n\n{{% raw %}}{check.rstrip()}\n{{% endraw %}}\n",
        encoding="utf-8",
    )
    project = template / "template/pyproject.toml.jinja"
    text = project.read_text(encoding="utf-8")
    tasks = re.findall(r"^(?:pipeline|schema|tune) = \{.*\n", text, re.MULTILINE)
    project.write_text(text.replace("".join(tasks), "".join(reversed(tasks))), encoding="utf-8")
    _replace(template / "copier.yml", 'default: "0.13.8"', 'default: "0.12.0"')
    _replace(template / "template/conf/evaluation.yaml", "# How closely the", "# How near the")


OLDER: dict[str, Callable[[Path], None]] = {
    "v0.0.1": fewer_questions,
    "v0.0.2": other_names,
    "v0.0.3": another_order,
}
"""What makes each older version of today's template."""

NEWEST = "v99.0.0"


def edit(project: Path, package: str, version: str) -> None:
    """Change a project as its people do, under the names that files have in this version."""
    older = version == "v0.0.2"
    for name, old, new in (
        (".github/workflows/ci.yml", "timeout-minutes: 20", "timeout-minutes: 25"),
        ("Dockerfile", "WORKDIR /build\n", "WORKDIR /build\nENV TEAM=owls\n"),
        ("conf/config.yaml", "folds: 5\n", "folds: 4\n"),
        ("pyproject.toml", "test = {", 'greet = { cmd = "echo hello" }\ntest = {'),
    ):
        _replace(project / name, old, new)
    for name in (
        ".gitignore",
        "README.md",
        "docs/parts/storage-local.md" if older else "docs/options/storage-local.md",
        f"src/{package}/features.py",
        f"src/{package}/{'console' if older else 'terminal'}.py",
        f"tests/unit/{'test_columns' if older else 'test_table'}.py",
    ):
        if (project / name).exists():  # a page of an option is not in every variant
            with (project / name).open("a", encoding="utf-8") as file:
                file.write("\n\n# A line of ours.\n")
    (project / f"src/{package}/owls.py").write_text('"""Owls."""\n\nCOUNT = 3\n')
    (project / "tests/unit/test_owls.py").write_text(
        f"from {package} import owls\n\n\ndef test_owls_are_counted() -> None:\n    assert owls.COUNT == 3\n"
    )


def history(template: Path, path: Path) -> None:
    """Make a repository with a release of each older version, of each released one, and of today: NEWEST."""
    path.mkdir()
    begin(path)
    for version in OLDER:
        _empty(path)
        shutil.copytree(template, path, dirs_exist_ok=True)
        OLDER[version](path)
        release(path, version)
    for version, commit in released().items():
        _empty(path)
        archive = path.parent / f"{version}.tar"
        run(f"git archive --output {archive} {commit}", machine.ROOT)
        run(f"tar --extract --file {archive}", path)
        release(path, version)
    _empty(path)
    shutil.copytree(template, path, dirs_exist_ok=True)
    release(path, NEWEST)


def _empty(repository: Path) -> None:
    for path in repository.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
