"""What the template changed, merged with what people changed, in a repository of its own."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from . import git
from .errors import UpdateError
from .git import Repository
from .project import Project

KINDS = {
    "1": "moved here to one place, and by the template to another",
    "2": "yours, and it is for you to say where it belongs",
    "3": "the template's, and it is for you to say where it belongs",
    "12": "changed here, removed by the template",
    "13": "removed here, changed by the template",
    "23": "added here and by the template",
    "123": "changed here and by the template",
}
"""What a conflict is, by the stages that git has of the file."""

_WORDS = {"A": "new", "D": "removed", "M": "changed", "T": "changed"}


@dataclass(frozen=True)
class Merge:
    """What the project will be, all of it worked out and nothing of it written there."""

    scratch: Repository
    """Where the content lies that the project's own repository has not."""
    tree: str
    """Id of the new content."""
    stages: str
    """Both sides of each conflict, as git's index takes them."""
    conflicts: dict[str, str]
    """Path and kind of each conflict."""
    spared: list[str]
    """Files of the template that do not come, since the project has ignored files there."""
    files: list[str]
    """What becomes of each file that changes and is in no conflict, a line each."""
    edited: list[str]
    """Files of the present version that people have changed or removed."""

    @property
    def changes_anything(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.files or self.conflicts)


def merge(project: Project, folder: Path, label: str) -> Merge:
    """Merge what changed from folder/old to folder/new into the project's last commit; see git-merge-tree(1).

    label  stands in the marks of conflicts

    Raises UpdateError if what people edited would come where an ignored file lies.
    """
    about = ("--show-object-format", "--git-path", "objects", "HEAD^{tree}")
    kind, objects, head = project.repository.git("rev-parse", *about).splitlines()
    scratch = _scratch(folder / "merge.git", kind, project.repository.directory / objects)
    base, theirs = (_tree(scratch, project, head, folder / name) for name in ("old", "new"))
    root = _commit(scratch, base)
    for branch, tree in (("yours", head), (label, theirs)):
        scratch.git("update-ref", f"refs/heads/{branch}", _commit(scratch, tree, root))
    # Whatever this person has set for merges of their own.
    settings = ("-c", "merge.renames=true", "-c", "merge.directoryRenames=conflict")
    how = ("merge-tree", "--write-tree", "--no-messages", "-z")
    tree, *entries = git.split(scratch.git(*settings, *how, "yours", label, ok=1))
    tree, spared = _spare_ignored(scratch, project.repository.directory, head, theirs, tree)
    kept = [entry for entry in entries if _path(entry) not in spared]
    changed = scratch.git("diff-tree", "-r", "-z", "--name-status", "--find-renames", head, tree)
    conflicts = _conflicts(kept)
    return Merge(
        scratch,
        tree,
        stages="".join(f"{entry}\0" for entry in kept),
        conflicts=conflicts,
        spared=spared,
        files=list(_listed(changed, conflicts)),
        edited=git.split(
            scratch.git("diff-tree", "-r", "-z", "--name-only", "--diff-filter=DMT", base, head)
        ),
    )


def _scratch(path: Path, kind: str, objects: Path) -> Repository:
    """Make a repository that sees a project's objects, and keeps for itself what is made in it.

    kind  how objects are named: sha1 or sha256
    """
    Repository(path.parent).git(
        "init", "--quiet", "--bare", "--template=", f"--object-format={kind}", str(path)
    )
    (path / "objects/info").mkdir(exist_ok=True)
    (path / "objects/info/alternates").write_text(f"{objects.resolve()}\n")
    return Repository(path)


def _tree(scratch: Repository, project: Project, head: str, rendered: Path) -> str:
    """Return the tree of the repository with a rendered version in the project's place."""
    index = _index(scratch, rendered)
    scratch.git("add", "--all", "--force", ".", env=index)
    tree = scratch.git("write-tree", env=index).strip()
    if not project.prefix:
        return tree
    scratch.git("read-tree", head, env=index)
    scratch.git("rm", "-r", "--quiet", "--cached", "--ignore-unmatch", "--", project.prefix, env=index)
    scratch.git("read-tree", f"--prefix={project.prefix}", tree, env=index)
    return scratch.git("write-tree", env=index).strip()


def _index(scratch: Repository, folder: Path) -> dict[str, str]:
    """Return what gives the scratch repository an index for the files of a folder."""
    return {
        "GIT_DIR": str(scratch.directory),
        "GIT_WORK_TREE": str(folder),
        "GIT_INDEX_FILE": str(scratch.directory / f"{folder.name}.index"),
    }


def _commit(scratch: Repository, tree: str, *parents: str) -> str:
    """Commit a tree; return the commit."""
    person = {
        f"GIT_{role}_{part}": "update" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
    }
    before = [part for parent in parents for part in ("-p", parent)]
    return scratch.git("commit-tree", tree, *before, "-m", "Merged", env=person).strip()


def _spare_ignored(
    scratch: Repository, root: Path, head: str, theirs: str, tree: str
) -> tuple[str, list[str]]:
    """Take out of the merged tree what would overwrite a file that the project ignores.

    Raises UpdateError if that would take edits out, too, which the template moves there.
    """
    tracked = scratch.files(head)
    spared = [path for path in scratch.added(head, tree) if _is_taken(root, tracked, path)]
    if not spared:
        return tree, []
    differing = scratch.git("diff-tree", "-r", "-z", "--name-only", theirs, tree)
    if edited := sorted({*spared}.intersection(git.split(differing))):
        raise UpdateError(
            f"Edits of yours would come to {', '.join(edited)}, where an ignored file lies: move that one away first."
        )
    index = _index(scratch, scratch.directory.parent)
    scratch.git("read-tree", tree, env=index)
    scratch.git("update-index", "-z", "--index-info", env=index, text=git.removals(spared, like=tree))
    return scratch.git("write-tree", env=index).strip(), spared


def _is_taken(root: Path, tracked: set[str], path: str) -> bool:
    """Say whether git would lose something that it does not have, were a new file written.

    That may lie at the file's place, in a folder there, or in place of a folder above it, as a link to one does.
    """
    below = (root / path).rglob("*") if _is_folder(root / path) else ()
    above = (root / place for place in (path, *map(str, PurePosixPath(path).parents)))
    in_the_way = (found for found in (*below, *above) if os.path.lexists(found) and not _is_folder(found))
    return any(found.relative_to(root).as_posix() not in tracked for found in in_the_way)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _conflicts(entries: list[str]) -> dict[str, str]:
    stages: dict[str, str] = {}
    for entry in entries:
        stages[_path(entry)] = stages.get(_path(entry), "") + entry.split("\t", 1)[0].split()[2]
    return {path: KINDS[found] for path, found in stages.items()}


def _path(entry: str) -> str:
    return entry.split("\t", 1)[1]


def _listed(name_status: str, conflicts: Mapping[str, str]) -> Iterator[str]:
    """Say what becomes of each file; what is in conflict has a line of its own, but for where it came from."""
    parts = iter(git.split(name_status))
    for status in parts:
        path = next(parts)
        if status[0] == "R":
            yield f"renamed  {path} -> {next(parts)}"
        elif path not in conflicts:
            yield f"{_WORDS[status[0]]:8} {path}"
