"""Hand the answers to Copier, so that the project is the one that Copier makes and can update.

Cookiecutter renders this file, then runs it in the new folder, which holds only a stub; cruft does the same with a
clone of its own. Whatever fails is told in one line and leaves the folder empty.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

# In JSON a quote within an answer has a backslash before it, so no answer can end this text.
CONTEXT = json.loads(r"""{{ cookiecutter | jsonify }}""")

STUB = "cookiecutter-stub.txt"
COPIER = "copier>=9.10,<10"
# What Copier takes for the address of a git repository without being told.
ADDRESSES = ("git@", "git:", "git+", "gh:", "gl:", "https://github.com/", "https://gitlab.com/")


class NotGeneratedError(Exception):
    """There is no project; the message says in one line why, and what to do."""


def main() -> int:
    """Replace the stub by the project."""
    folder = Path.cwd()
    (folder / STUB).unlink(missing_ok=True)
    if any(folder.iterdir()):  # Cookiecutter was told to overwrite
        print(f"{folder} is not empty: name another folder, or empty this one.", file=sys.stderr)
        return 1
    try:
        generate(folder)
    except (NotGeneratedError, OSError) as error:
        print(error, file=sys.stderr)
        clear(folder)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        clear(folder)
        # Cookiecutter is stopped too, and removes the folder after failures only. Windows keeps it.
        with suppress(OSError):
            folder.rmdir()
        return 1
    return 0


def clear(folder: Path) -> None:
    """Remove what Copier wrote before it failed."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def generate(folder: Path) -> None:
    """Let Copier render the very template that Cookiecutter read."""
    if "_repo_dir" in CONTEXT:
        clone = template_folder()
        source, address = str(clone), without_credentials(address_of(clone))
    else:  # of cruft's clone only the commit is known
        source = known_to_copier(CONTEXT["_template"])
        address = without_credentials(source)
    ref = CONTEXT.get("_commit") or CONTEXT.get("_checkout") or "HEAD"
    with tempfile.TemporaryDirectory() as temporary:
        answers = Path(temporary, "answers.yml")
        answers.write_text(answers_as_yaml(), encoding="ascii")
        copy = ["copy", "--defaults", "--data-file", str(answers), "--vcs-ref", ref]
        run_copier([*copy, source, str(folder)])
    if address != source:
        remember(address, folder / ".copier-answers.yml")


def answers_as_yaml() -> str:
    """The answers, without those that are left to Copier; everything but ASCII is escaped, as YAML has it."""
    answers = {
        name: answer
        for name, answer in CONTEXT.items()
        if not name.startswith("_") and name != "project_slug" and answer not in ("", None)
    }
    text = json.dumps(answers, ensure_ascii=False)
    return re.sub(r"[^ -~]", lambda letter: f"\\U{ord(letter[0]):08x}", text)


def template_folder() -> Path:
    """Return the folder in which Cookiecutter has the template; raises NotGeneratedError if git does not."""
    # A relative one starts where Cookiecutter was called, of which only these places tell.
    output = Path(CONTEXT.get("_output_dir") or Path.cwd().parent)
    starts = [output, *output.parents, Path(os.environ.get("PWD", output))]
    folders = [Path(os.path.abspath(start / CONTEXT["_repo_dir"])) for start in starts]  # noqa: PTH100
    folder = next((found for found in folders if (found / "copier.yml").exists()), folders[0])
    if not (folder / ".git").exists():
        raise NotGeneratedError(
            f"{CONTEXT['_template']} is no git repository, and a project made from it could not be updated: "
            "give Cookiecutter the address of the repository, or a clone of it."
        )
    return folder


def address_of(clone: Path) -> str:
    """Return where updates come from: what the person typed, as far as Copier knows its way from there."""
    typed = CONTEXT["_template"]
    if typed == CONTEXT["_repo_dir"]:
        return str(clone)
    if typed.startswith(ADDRESSES) or "://" in typed:
        return known_to_copier(typed)
    # Short for another address, or the name of an earlier clone.
    asked = ["git", "-C", str(clone), "config", "--get", "remote.origin.url"]
    origin = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return known_to_copier(origin or str(clone))


def known_to_copier(address: str) -> str:
    """Mark an address as one of git, where Copier would not see that."""
    known = address.startswith(ADDRESSES) or address.endswith(".git") or "://" not in address
    return address if known else f"git+{address}"


def without_credentials(address: str) -> str:
    """Take out what stands before the host over HTTP: the answers are committed, and a token is nobody else's."""
    return re.sub(r"(https?://)[^/]*@", r"\1", address)


def run_copier(arguments: list[str]) -> None:
    """Run Copier; raises NotGeneratedError with the last line of what it says when it fails."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    ran = subprocess.run(
        [*copier(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=environment,
        check=False,
    )
    if ran.returncode:
        plain = re.sub(r"\x1b\[[\d;]*m", "", ran.stdout)
        last = [line for line in plain.splitlines() if line.strip()][-1:]
        reason = re.sub(r"^[\s|]*([\w.]+Error: )?", "", "".join(last))
        raise NotGeneratedError(reason or f"Copier ended with {ran.returncode}.")
    print(ran.stdout, end="", file=sys.stderr)


def copier() -> list[str]:
    """Return the command that starts Copier; raises NotGeneratedError if nothing here can."""
    if importlib.util.find_spec("copier"):
        return [sys.executable, "-m", "copier"]
    if uvx := shutil.which("uvx"):
        return [uvx, "--from", COPIER, "copier"]
    if pipx := shutil.which("pipx"):
        return [pipx, "run", "--spec", COPIER, "copier"]
    raise NotGeneratedError(
        f"Copier makes the project, and it is not here: install uv, or run `pip install '{COPIER}'`, then try again."
    )


def remember(address: str, file: Path) -> None:
    """Write into the answers where updates come from, instead of where this copy lay; its line may be folded."""
    text = file.read_bytes().decode()
    line = re.compile(r"^_src_path:.*\n(?: .*\n)*", re.MULTILINE)
    file.write_bytes(line.sub(lambda _: f"_src_path: {address}\n", text).encode())


if __name__ == "__main__":
    sys.exit(main())
