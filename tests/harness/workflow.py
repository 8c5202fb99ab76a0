"""Runs the jobs of a workflow as GitHub would: each in a fresh clone, every `run:` in its shell."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import bytecode, machine
from harness.command import run
from harness.project import Project

SHELLS = {
    None: ["bash", "-e"],
    "bash": ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"],
}

ONLY_ON_GITHUB = {
    "actions/attest-build-provenance",
    "aws-actions/configure-aws-credentials",
    "Azure/login",
    "google-github-actions/auth",
    "sigstore/cosign-installer",
}
"""Actions that ask a service for something: a step says what it was given, and does nothing."""

REPOSITORY = "owner/project"
"""What GitHub calls the repository, wherever it is."""


class Workflow:
    """A workflow file, read by GitHub's own parser in a process beside the test."""

    def __init__(self, reader: Path, file: Path) -> None:
        self._process = subprocess.Popen(
            ["node", reader, file],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: str, **details: Any) -> Any:
        """Put one of the questions that tests/infrastructure/workflow.mjs answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"ask": question, **details}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise AssertionError(self._complaint()) from None
        answer = self._process.stdout.readline()
        return json.loads(answer) if answer else self._fail()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _fail(self) -> None:
        raise AssertionError(self._complaint())

    def _complaint(self) -> str:
        assert self._process.stderr is not None
        return f"the workflow could not be read: {self._process.stderr.read()}"


@dataclass(frozen=True)
class Step:
    """What became of a step."""

    name: str
    outcome: str
    output: str


@dataclass
class Ran:
    """What became of a job."""

    status: str = "success"
    steps: list[Step] = field(default_factory=list)
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    """What the job hands to those that need it."""

    def __str__(self) -> str:
        """Tell it as GitHub's log does: each step, and what a failed one printed."""
        return "\n".join(
            f"[{step.outcome}] {step.name}"
            + (f"\n{step.output[-6000:]}" if step.outcome == "failure" else "")
            for step in self.steps
        )

    def outcome(self, name: str) -> str:
        """Return what became of the step of that name."""
        return next(step.outcome for step in self.steps if step.name == name)

    def printed(self, name: str) -> str:
        """Return what the step of that name printed."""
        return next(step.output for step in self.steps if step.name == name)

    def given(self, name: str) -> dict[str, Any]:
        """Return what the action was given that only GitHub can run, by the name of its step."""
        return dict(json.loads(self.printed(name)))


@dataclass(frozen=True)
class Runner:
    """A runner of jobs for one event, on the last commit of `repository`; a push found `before`."""

    workflow: Workflow
    repository: Project
    before: str
    folder: Path
    programs: Path
    """Programs that come before all others on PATH."""
    event: str = "push"
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """What a person answered who started the workflow."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    api: str = "http://127.0.0.1:9"
    """Where GitHub's API answers; by default nothing does."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """More for the environment of each step."""
    payload: Mapping[str, Any] = field(default_factory=dict)
    """More of what GitHub tells of the event."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """The variables of the repository, and of the environment."""
    needs: Mapping[str, Any] = field(default_factory=dict)
    """Results and outputs of the jobs that a job needs."""

    def runs(self, job: str, status: str) -> bool:
        """Say whether a job is run when the jobs that it needs ended as `status` says."""
        contexts = self._contexts(self.folder, {})
        return bool(self.workflow.ask("job", job=job, contexts=contexts, status=status)["runs"])

    def takes(
        self, job: str, name: str, status: str = "success", **outcomes: Mapping[str, str]
    ) -> bool:
        """Say whether a job takes the step of that name, when the job is as `status` says.

        outcomes   what became of the steps before, by their ids
        """
        contexts = self._contexts(self.folder, {})
        about = self.workflow.ask("job", job=job, contexts=contexts, status="success")
        contexts |= {"env": about["env"], "steps": outcomes}
        steps = (
            self.workflow.ask("step", job=job, step=number, contexts=contexts, status=status)
            for number in range(about["steps"])
        )
        return bool(next(step["runs"] for step in steps if step["name"] == name))

    def run(
        self, job: str, matrix: Mapping[str, Any] | None = None, *, status: str = "success"
    ) -> Ran:
        """Run a job to its end, good or bad, after those that it needs ended as `status` says."""
        place = self.folder / "-".join([job, *map(str, (matrix or {}).values())])
        workspace = place / "workspace"
        workspace.mkdir(parents=True)
        contexts = self._contexts(workspace, matrix or {})
        about = self.workflow.ask("job", job=job, contexts=contexts, status=status)
        assert about["runs"], f"the job {job} does not run for a {self.event}"
        contexts["env"] = about["env"]

        ran = Ran()
        for number in range(about["steps"]):
            step = self.workflow.ask(
                "step", job=job, step=number, contexts=contexts, status=ran.status
            )
            outcome, output = "skipped", ""
            if step["runs"] and step["run"] is not None:
                outcome, output = self._command(step, place, about["minutes"], contexts)
                if "uv sync" in step["run"]:
                    bytecode.lend(self.repository.bytecode, workspace / ".venv")
            elif step["runs"]:
                outcome, output = self._action(step, workspace)
            if outcome == "failure":
                ran.status = "failure"
            contexts["steps"][step["id"]] = {"outcome": outcome, "conclusion": outcome}
            written = place / "GITHUB_OUTPUT"
            if written.exists():
                lines = written.read_text(encoding="utf-8").splitlines()
                contexts["steps"][step["id"]]["outputs"] = dict(
                    line.split("=", 1) for line in lines
                )
                written.unlink()
            ran.steps.append(Step(step["name"] or step["id"], outcome, output))

        summary = place / "GITHUB_STEP_SUMMARY"
        ran.outputs = self.workflow.ask("outputs", job=job, contexts=contexts)
        ran.summary = summary.read_text(encoding="utf-8") if summary.exists() else ""
        return ran

    def _contexts(self, workspace: Path, matrix: Mapping[str, Any]) -> dict[str, Any]:
        github = {
            "event_name": self.event,
            "event": {"before": self.before, **self.payload},
            "ref": "refs/heads/main",
            "ref_name": "main",
            "repository": REPOSITORY,
            "sha": run("git rev-parse HEAD", self.repository.path).stdout.strip(),
            "token": "a token",
            "workspace": str(workspace),
        }
        return {
            "github": github,
            "inputs": self.inputs,
            "secrets": self.secrets,
            "vars": self.settings,
            "matrix": matrix,
            "needs": self.needs,
            "env": {},
            "steps": {},
        }

    def _command(
        self, step: dict[str, Any], place: Path, minutes: float, contexts: dict[str, Any]
    ) -> tuple[str, str]:
        script = place / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        files = {
            name: place / name
            for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        }
        for file in files.values():
            file.touch()
        (place / "temporary").mkdir(exist_ok=True)
        # A secret that is not set is an empty text.
        variables = {
            name: "" if value is None else str(value) for name, value in step["env"].items()
        }
        if "UV_PYTHON" in variables:
            variables["UV_PYTHON"] = machine.require_python(variables["UV_PYTHON"])
        own_path = f"{self.programs}{os.pathsep}{machine.environment()['PATH']}"
        ran = subprocess.run(
            [*SHELLS[step["shell"]], str(script)],
            cwd=place / "workspace",
            env=machine.environment(
                CI="true",
                GITHUB_ACTIONS="true",
                GITHUB_ACTOR="someone",
                GITHUB_API_URL=self.api,
                GITHUB_REF_NAME=contexts["github"]["ref_name"],
                GITHUB_REPOSITORY=REPOSITORY,
                GITHUB_RUN_ATTEMPT="1",
                GITHUB_RUN_ID="42",
                GITHUB_SERVER_URL="https://github.example",
                GITHUB_SHA=contexts["github"]["sha"],
                GITHUB_WORKSPACE=contexts["github"]["workspace"],
                PATH=own_path,
                RUNNER_TEMP=str(place / "temporary"),
                **{name: str(file) for name, file in files.items()},
                **(variables | self.variables),
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=minutes * 60,
            check=False,
        )
        for name in ("GITHUB_ENV", "GITHUB_PATH"):
            assert not files[name].read_text(), f"this runner does not pass on what is in {name}"
        return "failure" if ran.returncode else "success", ran.stdout

    def _action(self, step: dict[str, Any], workspace: Path) -> tuple[str, str]:
        name, _, _ = step["uses"].partition("@")
        inputs = step["with"]
        try:
            match name:
                case "actions/checkout":
                    depth = int(inputs.get("fetch-depth", 1))
                    few = [f"--depth {depth}"] if depth else []
                    run(
                        f"git clone --quiet {' '.join(few)} file://{self.repository.path} .",
                        workspace,
                    )
                    if "ref" in inputs:
                        run(f"git checkout --quiet {inputs['ref']}", workspace)
                case "astral-sh/setup-uv":
                    run("uv --version", workspace)
                case "actions/upload-artifact":
                    self._upload(inputs, workspace)
                case "actions/download-artifact":
                    kept = self.folder / "artifacts" / inputs["name"]
                    assert kept.is_dir(), f"no job kept an artifact named {inputs['name']}"
                    shutil.copytree(kept, workspace / inputs["path"], dirs_exist_ok=True)
                case "aquasecurity/trivy-action":
                    run(
                        f"{machine.tool('trivy')} image --format {inputs['format']} "
                        f"--output {inputs['output']} {inputs['image-ref']}",
                        workspace,
                    )
                case name if name in ONLY_ON_GITHUB:
                    return "success", json.dumps(inputs)
                case _:
                    raise LookupError(f"this runner does not know the action {name}")
        except AssertionError as error:
            return "failure", str(error)
        return "success", ""

    def _upload(self, inputs: dict[str, Any], workspace: Path) -> None:
        """Keep what the paths name, below the folder that they share, as the action does."""
        paths = [workspace / path for path in inputs["path"].split()]
        found = [
            file
            for path in paths
            for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
            if file.is_file() and not file.name.startswith(".")
        ]
        assert found or inputs.get("if-no-files-found") != "error", f"nothing is at {paths}"
        common = workspace if len(paths) > 1 else found[0].parent
        for file in found:
            kept = self.folder / "artifacts" / inputs["name"] / file.relative_to(common)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, kept)
