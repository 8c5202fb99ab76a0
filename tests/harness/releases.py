"""A small template with releases, and projects of it: what an update is tried on within seconds."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from copier import run_copy

from harness import machine
from harness.git import begin, commit, release

UPDATE = machine.ROOT / "template/scripts/template_update.py"
"""The command under test, as every project has it."""

SETTINGS = """\
_subdirectory: template
_exclude:
  - .git
  - |
    {% if tracking != "files" %}
    /tracking.py
    {% endif %}
  - |
    {% if _copier_operation == "update" %}
    /charter.md
    {% endif %}
_skip_if_exists:
  - /notes.md
name:
  type: str
  default: Demo
tracking:
  type: str
  help: What keeps runs?
  choices: [none, files]
  default: files
loud_name:
  type: str
  help: What is written in large letters?
  default: "{{ name | upper }}"
  when: false
"""

JOB = """\
  {name}:
    runs-on: ubuntu
    permissions:
      contents: read
    timeout-minutes: 10
    steps:
      - uses: checkout
      - uses: install
      - run: {name}
"""

FILES = {
    "{{_copier_conf.answers_file}}.jinja": "{{ _copier_answers | to_nice_yaml }}",
    ".gitignore.jinja": "/cache\n",
    "charter.md": "# Goals\n\nWhat the model is for.\n",
    "notes.md": "# Notes\n\nOf the template.\n",
    "picture.bin": b"\x00\x01first",
    "readme.md.jinja": "# {{ name }}\n\nHow to start.\n\nHow to go on.\n",
    "run.sh": "#!/bin/sh\necho run\n",
    "setup.cfg": "".join(f"option_{number} = {number}\n" for number in range(30)),
    "src/model.py": "".join(
        f"def step_{number}():\n    return {number}\n\n" for number in range(12)
    ),
    "tracking.py": "def log():\n    print('logged')\n",
    "workflow.yml": "jobs:\n"
    + "".join(JOB.format(name=name) for name in ("lint", "types", "test")),
}
"""The files of the first release."""


@dataclass(frozen=True)
class Releases:
    """A template in a repository of its own."""

    path: Path

    @classmethod
    def start(cls, path: Path) -> "Releases":
        """Make the template and its first release, v1.0.0."""
        releases = cls(path)
        path.mkdir()
        begin(path)
        releases.release("v1.0.0", FILES, SETTINGS)
        return releases

    def copy(self, path: Path) -> "Releases":
        """Return a copy to which a test can add releases."""
        return Releases(shutil.copytree(self.path, path))

    def release(
        self, tag: str, files: Mapping[str, str | bytes | None], settings: str | None = None
    ) -> None:
        """Change, add or (with None) remove files of the template, and tag that."""
        for name, content in files.items():
            write(self.path / "template" / name, content)
        if settings is not None:
            write(self.path / "copier.yml", settings)
        write(self.path / "CHANGELOG.md", f"# Changelog\n\n## [{tag}]\n\n- What {tag} brings.\n")
        release(self.path, tag)

    def edit(self, tag: str, name: str, old: str, new: str) -> None:
        """Release a change of some text in a file of the template."""
        text = (self.path / "template" / name).read_text()
        assert old in text
        self.release(tag, {name: text.replace(old, new)})

    def project(self, path: Path, tag: str = "v1.0.0", **answers: str) -> Path:
        """Return a project of a release, committed, in a repository of its own."""
        run_copy(str(self.path), path, data=answers, vcs_ref=tag, defaults=True, quiet=True)
        begin(path)
        commit(path)
        return path


def update(project: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the project's update command; `stdout` has both outputs."""
    return subprocess.run(
        [sys.executable, str(UPDATE), *options],
        cwd=project,
        env=machine.environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


def write(file: Path, content: str | bytes | None) -> None:
    """Write a file with its folders; None removes it."""
    if content is None:
        file.unlink()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return each file's content and mode, git's own included, but for what git only notes down for itself."""
    passing = ("index", "ORIG_HEAD")
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not (path.parent.name == ".git" and path.name in passing)
    }
