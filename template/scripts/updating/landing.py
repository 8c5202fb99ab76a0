"""The merged content, written into the project: whole or not at all."""

import signal
import subprocess
import sys
from pathlib import Path

from . import git
from .errors import UpdateError
from .git import Repository
from .merging import Merge


def land(merged: Merge, repository: Repository) -> None:
    """Bring merged content into the work tree and the index of a repository.

    A process of its own writes it, out of reach of what stops this one. Raises UpdateError if it cannot be written,
    and all is as it was.
    """
    hand_over(merged.scratch, repository)
    stages = merged.scratch.directory / "stages"
    stages.write_bytes(merged.stages.encode(errors="surrogateescape"))
    command = [sys.executable, "-m", __name__, str(repository.directory), merged.tree, str(stages)]
    scripts = Path(__file__).resolve().parents[1]
    # Too late to stop it: what is left takes a moment, and shall be told.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    writing = subprocess.run(
        command, cwd=scripts, stderr=subprocess.PIPE, start_new_session=True, check=False
    )
    if writing.returncode:
        raise UpdateError(writing.stderr.decode(errors="replace").strip())


def write(repository: Repository, tree: str, stages: str) -> None:
    """Put a tree in place of HEAD's, and the conflicts into the index; if that fails, put HEAD's back and raise."""
    # After a copy of the folder git would take every file for changed.
    repository.git("update-index", "--refresh", ok=1)
    replace = ("read-tree", "-m", "-u", "HEAD", tree)
    try:
        repository.git(*replace, "--dry-run")
    except UpdateError as error:
        raise UpdateError(
            f"{error}\nThat is work which is not committed. If `git status` does not show it, git was told not to "
            "look: `git ls-files -v` marks such files with a small letter or an S."
        ) from error
    try:
        repository.git(*replace)
        if stages:
            # A path in conflict has stages in place of its one entry.
            paths = {entry.split("\t", 1)[1] for entry in git.split(stages)}
            repository.git("update-index", "-z", "--index-info", text=git.removals(paths, like=tree) + stages)
    except UpdateError:
        _take_back(repository, tree)
        raise


def _take_back(repository: Repository, tree: str) -> None:
    """Put HEAD's content back wherever a tree has other.

    A hard reset would also take edits in other files that people have told git not to look at.
    """
    added = (repository.directory / path for path in repository.added("HEAD", tree))
    for path in added:
        # Where it was not written yet, a folder may lie, or a file in place of its folder.
        if path.is_file() or path.is_symlink():
            path.unlink()
    repository.git("reset", "--quiet", "HEAD")
    was = repository.git("diff-tree", "-r", "-z", "--name-only", "--diff-filter=a", "HEAD", tree)
    repository.git("checkout-index", "--force", "-z", "--stdin", text=was)


def hand_over(scratch: Repository, repository: Repository) -> None:
    """Copy what was made in the scratch repository into the project's."""
    made = [file.parent.name + file.name for file in (scratch.directory / "objects").glob("??/*")]
    pack = scratch.git_bytes("pack-objects", "--quiet", "--stdout", given="\n".join(made).encode())
    repository.git_bytes("unpack-objects", "-q", given=pack)


if __name__ == "__main__":
    directory, tree, stages = sys.argv[1:]
    try:
        write(Repository(Path(directory)), tree, Path(stages).read_bytes().decode(errors="surrogateescape"))
    except UpdateError as error:
        sys.exit(str(error))
