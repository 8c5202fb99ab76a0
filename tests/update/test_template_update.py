"""The project's update command keeps what people did, says what it will do, and changes nothing where it fails."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from harness import machine
from harness.command import run
from harness.git import begin, commit
from harness.releases import SETTINGS, Releases, snapshot, update, write
from updating.project import name_template


def test_change_of_the_template_arrives_beside_an_edit_of_the_same_file(
    releases: Releases, tmp_path: Path
) -> None:
    project = releases.project(tmp_path / "project")
    _edit(project / "readme.md", "How to start.", "How we start.")
    releases.edit("v1.1.0", "readme.md.jinja", "How to go on.", "How to go further.")

    updated = update(project)

    assert updated.returncode == 0
    assert (project / "readme.md").read_text() == "# Demo\n\nHow we start.\n\nHow to go further.\n"
    assert _answers(project)["_commit"] == "v1.1.0"
    assert _answers(project)["_src_path"] == str(releases.path)


def test_update_is_staged_and_can_be_taken_back(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    before = snapshot(project)
    releases.release("v1.1.0", {"run.sh": None, "new/file.txt": "new\n", "charter.md": "other\n"})

    update(project)

    assert run("git diff --stat", project).stdout == ""
    run("git reset --hard --quiet", project)
    assert _files(snapshot(project)) == _files(before)


def test_what_will_change_is_shown(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    _edit(project / "setup.cfg", "option_3 = 3", "option_3 = mine")
    releases.release(
        "v1.1.0",
        {
            "setup.cfg": (releases.path / "template/setup.cfg")
            .read_text()
            .replace("_3 = 3", "_3 = 4"),
            "src/steps.py": (releases.path / "template/src/model.py").read_text(),
            "src/model.py": None,
            "new.txt": "new\n",
            "run.sh": None,
        },
        SETTINGS.replace("  when: false\n", "")
        + "colour:\n  type: str\n  help: Which colour?\n  default: green\n",
    )

    shown = update(project, "--dry-run").stdout

    for line in (
        "Template v1.0.0 -> v1.1.0",
        "- What v1.1.0 brings.",
        "colour: green   (new: Which colour? Change it with --data colour=ANSWER)",
        "loud_name: DEMO   (new: What is written in large letters? ",
        "new      new.txt",
        "removed  run.sh",
        "renamed  src/model.py -> src/steps.py",
        "setup.cfg: changed here and by the template",
    ):
        assert line in shown


def test_what_is_new_is_shown_to_those_who_see_differences_by_a_program_of_their_own(
    releases: Releases, tmp_path: Path
) -> None:
    project = releases.project(tmp_path / "project")
    releases.release("v1.1.0", {"new.txt": "new\n"})
    settings = tmp_path / "gitconfig"
    settings.write_text("[diff]\n\texternal = true\n")

    shown = update(project, "--dry-run", GIT_CONFIG_GLOBAL=str(settings))

    assert "- What v1.1.0 brings." in shown.stdout


def test_dry_run_changes_nothing_at_all(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    releases.release("v1.1.0", {"new.txt": "new\n"})
    before = snapshot(project)

    assert update(project, "--dry-run").returncode == 0
    assert snapshot(project) == before


def test_conflict_is_marked_listed_and_told_by_the_exit_status(
    releases: Releases, tmp_path: Path
) -> None:
    project = releases.project(tmp_path / "project")
    _edit(project / "readme.md", "How to start.", "How we start.")
    releases.edit("v1.1.0", "readme.md.jinja", "How to start.", "How to begin.")

    updated = update(project)

    assert updated.returncode == 1
    assert updated.stdout.count("readme.md") == 1
    assert "readme.md: changed here and by the template" in updated.stdout
    assert "`git add` it" in updated.stdout
    text = (project / "readme.md").read_text()
    assert "<<<<<<< yours\nHow we start.\n" in text
    assert "How to begin.\n>>>>>>> template-v1.1.0\n" in text
    assert run("git status --porcelain readme.md", project).stdout == "UU readme.md\n"

    (project / "readme.md").write_text("# Demo\n\nHow we begin.\n\nHow to go on.\n")
    commit(project)
    assert "Nothing to update." in update(project).stdout


def test_owned_file_is_never_touched_and_a_new_one_comes_once(
    releases: Releases, tmp_path: Path
) -> None:
    project = releases.project(tmp_path / "project")
    owned_too = SETTINGS.replace("    /charter.md\n", "    /charter.md\n    /risks.md\n")
    releases.release("v1.1.0", {"charter.md": "# Aims\n", "risks.md": "# Risks\n"}, owned_too)

    assert update(project).returncode == 0
    assert "What the model is for." in (project / "charter.md").read_text()
    assert (project / "risks.md").read_text() == "# Risks\n"

    (project / "risks.md").unlink()
    commit(project)
    releases.release("v1.2.0", {"risks.md": "# More risks\n"})
    assert update(project).returncode == 0
    assert not (project / "risks.md").exists()


def test_seeded_file_that_was_deleted_stays_deleted(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    (project / "notes.md").unlink()
    commit(project)
    releases.release("v1.1.0", {"notes.md": "# Notes\n\nChanged.\n", "new.txt": "new\n"})

    assert update(project).returncode == 0
    assert not (project / "notes.md").exists()
    assert (project / "new.txt").exists()


def test_ignored_file_stays_where_the_template_brings_one(
    releases: Releases, tmp_path: Path
) -> None:
    project = releases.project(tmp_path / "project")
    write(project / "cache/kept.txt", "mine\n")
    write(project / "cache/deep", "mine\n")
    releases.release(
        "v1.1.0",
        {"cache/kept.txt": "theirs\n", "cache/deep/file.txt": "theirs\n", "new.txt": "new\n"},
    )

    updated = update(project)

    assert updated.returncode == 0
    assert (project / "cache/kept.txt").read_text() == "mine\n"
    assert (project / "cache/deep").read_text() == "mine\n"
    assert (project / "new.txt").exists()
    assert "Not brought, since an ignored file of yours lies there:" in updated.stdout
    assert run("git status --porcelain cache", project).stdout == ""


def test_ignored_link_to_a_folder_stays_where_the_template_brings_a_file_in_it(
    releases: Releases, tmp_path: Path
) -> None:
    project = releases.project(tmp_path / "project")
    write(project / ".gitignore", "/cache\n")
    commit(project)
    (project / "cache").symlink_to(tmp_path)
    releases.release("v1.1.0", {"cache/kept.txt": "theirs\n"})

    updated = update(project)

    assert updated.returncode == 0
    assert "Not brought, since an ignored file of yours lies there:" in updated.stdout
    assert (project / "cache").readlink() == tmp_path


def test_edit_is_not_moved_to_where_an_ignored_file_lies(
    releases: Releases, tmp_path: Path
) -> None:
    project = releases.project(tmp_path / "project")
    _edit(project / "setup.cfg", "option_3 = 3", "option_3 = mine")
    write(project / "cache/setup.cfg", "mine, too\n")
    text = (releases.path / "template/setup.cfg").read_text()
    releases.release("v1.1.0", {"setup.cfg": None, "cache/setup.cfg": text})
    before = snapshot(project)

    refused = update(project)

    assert refused.returncode == 2
    assert "Edits of yours would come to cache/setup.cfg" in refused.stdout
    assert snapshot(project) == before

    (project / "cache/setup.cfg").unlink()
    assert update(project).returncode == 0
    assert "option_3 = mine" in (project / "cache/setup.cfg").read_text()


@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree"])
def test_edit_that_git_was_told_not_to_look_at_is_not_lost(
    releases: Releases, tmp_path: Path, flag: str
) -> None:
    project = releases.project(tmp_path / "project")
    run(f"git update-index --{flag} run.sh", project)
    write(project / "run.sh", "mine\n")
    releases.release("v1.1.0", {"new.txt": "new\n"})
    assert update(project).returncode == 0
    commit(project)
    releases.release("v1.2.0", {"run.sh": "theirs\n", "newer.txt": "newer\n"})

    refused = update(project)

    assert refused.returncode == 2
    assert "`git ls-files -v` marks such files" in refused.stdout
    assert (project / "run.sh").read_text() == "mine\n"
    assert not (project / "newer.txt").exists()


def test_file_can_become_a_folder_and_a_folder_a_file(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    releases.release("v1.1.0", {"run.sh": None, "src/model.py": None})
    write(releases.path / "template/run.sh/first.sh", "first\n")
    (releases.path / "template/src").rmdir()
    releases.release("v1.2.0", {"src": "all of it\n"})

    updated = update(project)

    assert updated.returncode == 0
    assert (project / "run.sh/first.sh").read_text() == "first\n"
    assert (project / "src").read_text() == "all of it\n"


def test_file_that_both_moved_is_shown_in_all_three_places(
    releases: Releases, tmp_path: Path
) -> None:
    project = releases.project(tmp_path / "project")
    (project / "setup.cfg").rename(project / "own.cfg")
    commit(project)
    text = (releases.path / "template/setup.cfg").read_text()
    releases.release("v1.1.0", {"setup.cfg": None, "tool.cfg": text})

    assert _conflicts(update(project).stdout) == {
        "setup.cfg: moved here to one place, and by the template to another",
        "own.cfg: yours, and it is for you to say where it belongs",
        "tool.cfg: the template's, and it is for you to say where it belongs",
    }


def test_new_file_in_a_folder_that_moved_follows_it_and_is_shown(
    releases: Releases, tmp_path: Path
) -> None:
    theirs, ours = (releases.project(tmp_path / name) for name in ("theirs", "ours"))
    write(theirs / "src/own.py", "OWN = 1\n")
    commit(theirs)
    (ours / "src").rename(ours / "library")
    commit(ours)
    text = (releases.path / "template/src/model.py").read_text()
    releases.release("v1.1.0", {"src/more.py": "MORE = 1\n"})
    releases.release(
        "v2.0.0", {f"src/{gone}.py": None for gone in ("model", "more")} | {"core/model.py": text}
    )

    moved_by_us = update(ours, "--to", "v1.1.0")
    moved_by_template = update(theirs)

    of_template = "library/more.py: the template's, and it is for you to say where it belongs"
    assert _conflicts(moved_by_us.stdout) == {of_template}
    of_person = "core/own.py: yours, and it is for you to say where it belongs"
    assert _conflicts(moved_by_template.stdout) == {of_person}
    assert (theirs / "core/own.py").read_text() == "OWN = 1\n"


def test_mode_of_a_file_arrives(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    (releases.path / "template/run.sh").chmod(0o755)
    releases.release("v1.1.0", {})

    update(project)

    assert (project / "run.sh").stat().st_mode & 0o111


def test_project_in_a_folder_of_a_larger_repository(releases: Releases, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    write(repository / "readme.md", "# All of us\n")
    write(repository / "run.sh", "#!/bin/sh\necho ours\n")
    begin(repository)
    made = releases.project(tmp_path / "made")
    (repository / "teams").mkdir()
    project = made.rename(repository / "teams/demo")
    run("rm -r .git", project)
    commit(repository)
    _edit(project / "readme.md", "How to start.", "How we start.")
    releases.release("v1.1.0", {"run.sh": None, "docs/new.txt": "new\n"})

    assert update(project).returncode == 0

    assert run("git status --porcelain", repository).stdout.splitlines() == [
        "M  teams/demo/.copier-answers.yml",
        "A  teams/demo/docs/new.txt",
        "D  teams/demo/run.sh",
    ]


def test_project_whose_folder_was_copied(releases: Releases, tmp_path: Path) -> None:
    project = shutil.copytree(releases.project(tmp_path / "original"), tmp_path / "copy")
    releases.release("v1.1.0", {"run.sh": "#!/bin/sh\necho new\n"})

    assert update(project).returncode == 0

    assert (project / "run.sh").read_text() == "#!/bin/sh\necho new\n"


def test_answer_can_be_changed_and_changed_back(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    before = _files(snapshot(project))

    assert update(project, "--data", "tracking=none").returncode == 0
    commit(project)
    assert not (project / "tracking.py").exists()
    assert _answers(project)["tracking"] == "none"

    assert update(project, "--data", "tracking=files").returncode == 0
    assert _files(snapshot(project)) == before


def test_renamed_question_and_removed_option_carry_answers_over(
    releases: Releases, tmp_path: Path
) -> None:
    project = releases.project(tmp_path / "project", name="Owls", tracking="none")
    renamed = (
        SETTINGS.replace("name:\n", "title:\n")
        .replace("default: Demo", "default: \"{{ name | default('Demo') }}\"")
        .replace("choices: [none, files]", "choices: [files, server]")
    )
    releases.release(
        "v2.0.0",
        {"readme.md.jinja": "# {{ title }}\n\nHow to start.\n\nHow to go on.\n"},
        renamed,
    )

    updated = update(project)

    assert updated.returncode == 0
    assert _answers(project)["title"] == "Owls"
    assert _answers(project)["tracking"] == "files"
    assert (project / "readme.md").read_text().startswith("# Owls\n")
    assert "tracking: files   (was none)" in updated.stdout
    assert "name: no longer asked   (was Owls)" in updated.stdout


def test_version_can_be_chosen(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    releases.release("v1.1.0", {"one.txt": "1\n"})
    releases.release("v1.2.0rc1", {"two.txt": "2\n"})

    assert update(project).returncode == 0
    assert (project / "one.txt").exists()
    assert not (project / "two.txt").exists()
    commit(project)

    assert update(project, "--to", "v1.2.0rc1").returncode == 0
    assert (project / "two.txt").exists()


def test_template_that_has_moved(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    releases.release("v1.1.0", {"new.txt": "new\n"})
    moved = releases.path.rename(tmp_path / "elsewhere")

    refused = update(project)
    assert refused.returncode == 2
    assert "--template ADDRESS" in refused.stdout

    assert update(project, "--template", str(moved)).returncode == 0
    assert _answers(project)["_src_path"] == str(moved)


def test_template_that_was_named_from_the_folder_around_the_project(
    releases: Releases, tmp_path: Path
) -> None:
    # The project has a folder of the same name, which is no template.
    project = releases.project(tmp_path / "project")
    releases.path.rename(tmp_path / "src")
    name_template(project / ".copier-answers.yml", "src", "v1.0.0")
    commit(project)
    Releases(tmp_path / "src").release("v1.1.0", {"new.txt": "new\n"})

    done = update(project)

    assert done.returncode == 0, done.stdout
    assert (project / "new.txt").exists()
    assert _answers(project)["_src_path"] == "src"


def test_token_in_the_address_to_which_it_has_moved_is_not_committed(
    releases: Releases, tmp_path: Path
) -> None:
    project = releases.project(tmp_path / "project")
    releases.release("v1.1.0", {"new.txt": "new\n"})
    address = "https://oauth2:s3cret@git.example.org/template"
    rewritten = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{releases.path}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
    }

    assert update(project, "--template", address, **rewritten).returncode == 0

    assert _answers(project)["_src_path"] == "https://git.example.org/template"


def test_release_that_was_cut_short_by_a_lock_of_git_leaves_all_as_it_was(
    releases: Releases, tmp_path: Path
) -> None:
    project = releases.project(tmp_path / "project")
    releases.release("v1.1.0", {"new.txt": "new\n"})
    (project / ".git/index.lock").touch()
    before = _files(snapshot(project))

    refused = update(project)

    assert refused.returncode == 2
    assert "index.lock" in refused.stdout
    assert _files(snapshot(project)) == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--to", "v9"], "The template has no version v9. Its releases are v1.0.0."),
        (["--data", "colour=green"], "the template asks no colour; it asks name, tracking."),
        (["--data", "tracking"], "write it as NAME=ANSWER."),
        (["--data", "loud_name=DEMO"], "the template asks no loud_name; it asks name, tracking."),
        (["--data", "tracking=paper"], "with these answers: Invalid choice for 'tracking'"),
    ],
)
def test_mistake_on_the_command_line_is_one_sentence_and_changes_nothing(
    releases: Releases, tmp_path: Path, options: list[str], told: str
) -> None:
    project = releases.project(tmp_path / "project")
    before = snapshot(project)

    refused = update(project, *options)

    assert refused.returncode == 2
    assert told in refused.stdout
    assert "Traceback" not in refused.stdout
    assert snapshot(project) == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name: Demo", "name: [Demo", "is no YAML: mend it, and commit it"),
        ("_commit: v1.0.0", "_commit: v0.9.0", "The project has version v0.9.0, which is not in "),
        ("_commit: v1.0.0", "", "does not say from which template and version"),
    ],
)
def test_answers_that_lead_nowhere_are_one_sentence(
    releases: Releases, tmp_path: Path, old: str, new: str, told: str
) -> None:
    project = releases.project(tmp_path / "project")
    _edit(project / ".copier-answers.yml", old, new)
    before = snapshot(project)

    refused = update(project)

    assert refused.returncode == 2
    assert told in refused.stdout
    assert "Traceback" not in refused.stdout
    assert snapshot(project) == before


def test_older_version_is_refused(releases: Releases, tmp_path: Path) -> None:
    releases.release("v1.1.0", {"new.txt": "new\n"})
    project = releases.project(tmp_path / "project", "v1.1.0")

    refused = update(project, "--to", "v1.0.0")

    assert refused.returncode == 2
    assert "The project has version v1.1.0 already, which is newer than v1.0.0." in refused.stdout


@pytest.mark.parametrize("staged", [False, True])
def test_work_that_is_not_committed_is_refused(
    releases: Releases, tmp_path: Path, staged: bool
) -> None:
    project = releases.project(tmp_path / "project")
    releases.release("v1.1.0", {"new.txt": "new\n"})
    write(project / "mine.txt", "mine\n")
    if staged:
        run("git add --all", project)

    refused = update(project)

    assert refused.returncode == 2
    assert "mine.txt" in refused.stdout
    assert not (project / "new.txt").exists()


def test_project_without_a_commit_is_refused(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    run("rm -r .git", project)
    run("git init --quiet", project)

    refused = update(project)

    assert refused.returncode == 2
    assert "no commit yet" in refused.stdout


def test_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    refused = update(tmp_path)

    assert refused.returncode == 2
    assert "has no .copier-answers.yml" in refused.stdout


def test_plain_update_of_copier_stays_usable(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    releases.release("v1.1.0", {"one.txt": "1\n"})
    assert update(project).returncode == 0
    commit(project)
    releases.release("v1.2.0", {"two.txt": "2\n"})

    plain = subprocess.run(
        [str(machine.tool("copier")), "update", "--defaults", "--quiet"],
        cwd=project,
        capture_output=True,
        check=False,
    )

    assert plain.returncode == 0
    assert (project / "two.txt").exists()


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    commit(file.parent)


def _conflicts(shown: str) -> set[str]:
    """Return the lines below the heading of conflicts."""
    listed = shown.partition("\nConflicts:\n")[2].partition("\n\n")[0]
    return {line.strip() for line in listed.splitlines()}


def _answers(project: Path) -> dict[str, str]:
    answers: dict[str, str] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return answers


def _files(snapshot: dict[str, tuple[bytes, int]]) -> dict[str, tuple[bytes, int]]:
    """Leave out git's own files."""
    return {name: seen for name, seen in snapshot.items() if not name.startswith(".git/")}
