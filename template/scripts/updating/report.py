"""What people read of an update."""

from collections.abc import Sequence

from .merging import Merge


def show_merge(merged: Merge) -> None:
    """Print what becomes of the project's files."""
    if not merged.changes_anything:
        print("Nothing to update.")
    show_list("Files", merged.files)
    show_list("Not brought, since an ignored file of yours lies there", merged.spared)
    show_list("Conflicts", [f"{path}: {kind}" for path, kind in merged.conflicts.items()])


def show_list(heading: str, lines: Sequence[str]) -> None:
    """Print lines under a heading, if there are any."""
    if lines:
        print(f"\n{heading}:")
        print("\n".join(f"  {line}".rstrip() for line in lines))


def next_steps(merged: Merge) -> int:
    """Print what is left to do once it is written, and return the exit status."""
    if merged.conflicts:
        print(
            f"\nConflicts: {len(merged.conflicts)}. In each file above choose between the marks <<<<<<< and >>>>>>>,\n"
            "then `git add` it; one without marks is whole, yours or the template's. Then `uv sync`, which renews\n"
            "uv.lock, `uv run poe check` and `uv run poe pipeline`, and commit all of it."
        )
    else:
        print(
            "\nIt is in the work tree and not committed. Look at `git diff --staged`; then `uv sync`, which renews\n"
            "uv.lock, `uv run poe check` and `uv run poe pipeline`, and commit all of it."
        )
    print("To have all back as it was: git reset --hard")
    return 1 if merged.conflicts else 0
