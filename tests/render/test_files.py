"""Every variant is a complete, well-formed repository before anything is run in it."""

import ast
import configparser
import json
import re
import subprocess
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

import pytest
import yaml
from harness import machine
from harness.rendered import Variant, parse

# Not ${{ of a workflow, nor {{ .Name }} of Go's templates, in which docker prints.
JINJA = re.compile(r"(?<!\$)\{\{(?! \.)[- ]|\{%[-+ ]|\{#[- ]")
LINK = re.compile(r"\]\(\s*([^)#?\s]+)[^)]*\)")
QUOTED_PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:lock|md|py|toml|yaml|yml))`")
TASK = re.compile(r"(?:uv run |`)poe (?:-\S+ )*([a-z][\w-]*)")
WORKFLOW = re.compile(r"(?:workflows/|gh workflow run )([\w-]+\.ya?ml)")
MADE_BY_COMMANDS = {
    ".airflow/",
    ".dvc/cache",
    ".dvc/config.local",
    "conf/model/tuned.yaml",
    "data/cache/rows.parquet",
    "data/labelled",
    "data/labelled/",
    "data/raw/sample.parquet",
    "dvc.lock",
    "mlruns/",
    "models/champion.onnx",
    "models/champion.onnx.dvc",
    "models/checkpoints",
    "models/registry.yaml",
    "orchestration/kubeflow/pipeline.yaml",
    "reports/drift.html",
    "reports/drift.json",
    "reports/monitor.html",
    "reports/monitor.json",
    "models/challenger.onnx",
    "scored/",
    "uv.lock",
}
LARGEST = 500_000
FORBIDDEN_ON_WINDOWS = re.compile(r'[<>:"|?*\\\x00-\x1f]|[ .]$')
LONGEST_ON_WINDOWS = 160  # of 260, so that a home folder and a package name of 60 letters have room


def test_the_files_are_exactly_those_of_the_table(variant: Variant, template: Path) -> None:
    assert variant.files == variant.tables.files(template)


def test_no_two_files_of_the_template_make_the_same_file(defaults: Variant, template: Path) -> None:
    made = Counter(defaults.tables.possible_files(template))

    assert [name for name, times in made.items() if times > 1] == []


def test_names_in_the_template_hold_no_conditions(template: Path) -> None:
    parts = {part for path in (template / "template").rglob("*") for part in PurePath(path).parts}
    answers = {"{{package_name}}", "{{_copier_conf.answers_file}}.jinja"}

    assert answers <= parts
    assert [part for part in parts - answers if set("{}%'\"") & set(part)] == []


def test_no_jinja_is_left_behind(variant: Variant) -> None:
    # What ends in .j2 is a template of the project's own.
    left = [
        f"{name}: {line.strip()}"
        for name, text in variant.texts.items()
        if not name.endswith(".j2")
        for line in text.splitlines()
        if JINJA.search(line)
    ]

    assert left == []


def test_every_file_parses(variant: Variant) -> None:
    complaints = {name: _complaint(name, text) for name, text in variant.texts.items()}

    assert {name: told for name, told in complaints.items() if told} == {}


@cache  # most files are the same in many variants
def _complaint(name: str, text: str) -> str:
    try:
        parse(name, text)
    except (ValueError, SyntaxError, yaml.YAMLError, configparser.Error) as error:
        return str(error)
    return ""


def test_every_text_file_ends_with_one_line_break_and_has_no_stray_space(variant: Variant) -> None:
    untidy = [
        name
        for name, text in variant.texts.items()
        if not name.startswith("data/raw/")
        and (re.search(r"\S\Z|\n\n\Z", text) or "\r" in text or re.search(r"[ \t]\n", text))
    ]

    assert untidy == []


def test_every_name_is_valid_on_windows_and_differs_in_more_than_case(variant: Variant) -> None:
    assert [name for name in variant.files if not _is_valid_on_windows(name)] == []
    assert len({name.casefold() for name in variant.files}) == len(variant.files)


@pytest.mark.parametrize("name", ["con.txt", "a:b", "a.", "sub/nul", 'quo"te', "a" * 200])
def test_the_rule_for_windows_knows_bad_names(name: str) -> None:
    assert not _is_valid_on_windows(name)


def test_no_folder_is_empty(variant: Variant) -> None:
    folders = [path for path in variant.path.rglob("*") if path.is_dir()]

    assert [folder for folder in folders if not any(folder.iterdir())] == []


def test_no_file_is_large(variant: Variant) -> None:
    assert [n for n in variant.files if (variant.path / n).stat().st_size > LARGEST] == []


def test_every_relative_link_leads_to_a_file(variant: Variant) -> None:
    made = _made_by_the_pipeline(variant)
    dangling = []
    for name, text in variant.texts.items():
        for target in LINK.findall(text) if name.endswith(".md") else []:
            place = (variant.path / name).parent / target
            known = place.resolve().relative_to(variant.path.resolve()).as_posix()
            if ":" not in target and not place.exists() and known not in made:
                dangling.append(f"{name}: {target}")

    assert dangling == []


def test_every_path_that_a_page_names_exists_or_is_made(variant: Variant) -> None:
    made = _made_by_the_pipeline(variant) | MADE_BY_COMMANDS
    made |= {f"{Path(name).parent.as_posix()}/" for name in made}
    package = variant.path / "src" / variant.tables.answers["package_name"]
    unknown = [
        f"{page}: {path}"
        for page, text in variant.texts.items()
        for path in (QUOTED_PATH.findall(text) if page.endswith(".md") else [])
        if path not in made and not any((root / path).exists() for root in (variant.path, package))
    ]

    assert unknown == []


def test_every_import_of_the_package_leads_to_a_module_that_has_it(variant: Variant) -> None:
    package = variant.tables.answers["package_name"]
    dangling = [
        f"{name}: {imported} of {module}"
        for name, text in variant.texts.items()
        for module, imported in (_own_imports(name, text, package) if name.endswith(".py") else ())
        if not _leads_somewhere(variant, f"src/{module.replace('.', '/')}", imported)
    ]

    assert dangling == []


@cache
def _own_imports(name: str, text: str, package: str) -> list[tuple[str, str]]:
    """Return each module of the package that a file imports from, and what it takes."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            # Tests, too, lie in folders that are packages; only those in src/ are the project's.
            above = PurePath(name).parts[1 : -node.level] if node.level else ()
            module = ".".join([*above, *filter(None, [node.module])])
            if module.partition(".")[0] == package and (not node.level or name.startswith("src/")):
                found += [(module, alias.name) for alias in node.names]
    return found


def _leads_somewhere(variant: Variant, place: str, imported: str) -> bool:
    modules = (variant.texts.get(f"{place}{end}", "") for end in (".py", "/__init__.py"))
    return f"{place}/{imported}.py" in variant.files or any(
        imported in _words(module) for module in modules
    )


@cache
def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


def test_every_task_that_is_named_exists(variant: Variant) -> None:
    poe = tomllib.loads(variant.texts["pyproject.toml"])["tool"]["poe"]
    included = (tomllib.loads(variant.texts[name]) for name in poe.get("include", []))
    tasks = set(poe["tasks"]).union(*(one["tool"]["poe"]["tasks"] for one in included))

    unknown = [
        f"{name}: {task}"
        for name, text in variant.texts.items()
        for task in TASK.findall(text)
        if task not in tasks
    ]

    assert unknown == []


def test_every_workflow_that_is_named_exists(variant: Variant) -> None:
    workflows = {
        Path(name).name: yaml.safe_load(text)
        for name, text in variant.texts.items()
        if name.startswith(".github/workflows/")
    }
    titles = {workflow["name"] for workflow in workflows.values()}
    awaited = {
        title
        for workflow in workflows.values()
        # YAML reads `on` as true.
        for title in (workflow[True].get("workflow_run") or {}).get("workflows", [])
    }
    named = {name for text in variant.texts.values() for name in WORKFLOW.findall(text)}

    assert awaited <= titles
    assert named <= set(workflows)
    assert named, "no page names a workflow"


def test_every_input_of_the_pipeline_exists_or_is_made_by_it(variant: Variant) -> None:
    made = _made_by_the_pipeline(variant)
    stages = _dvc(variant)["stages"]
    needed = {str(path) for stage in stages.values() for path in stage.get("deps", [])}

    assert needed, "the pipeline names no inputs"
    assert {path for path in needed - made if not (variant.path / path).exists()} == set()


def test_every_plot_of_the_pipeline_is_made_by_it(variant: Variant) -> None:
    made = _made_by_the_pipeline(variant)
    plots = {name for plot in _dvc(variant)["plots"] for name in plot}

    assert plots, "the pipeline draws no plots"
    assert {name for name in plots if not {name, str(Path(name).parent)} & made} == set()


def test_every_path_in_pyproject_exists(variant: Variant) -> None:
    pyproject = tomllib.loads(variant.texts["pyproject.toml"])
    tool = pyproject["tool"]
    named = [
        pyproject["project"]["readme"],
        *pyproject["project"]["license-files"],
        *tool["hatch"]["build"]["targets"]["wheel"]["packages"],
        *tool["pytest"]["ini_options"]["testpaths"],
        tool["mypy"]["mypy_path"],
        *(pattern.removesuffix("/**") for pattern in tool["ruff"]["lint"]["per-file-ignores"]),
    ]

    assert [path for path in named if not (variant.path / path).exists()] == []


def test_a_notebook_holds_no_output_and_no_trace_of_a_run(variant: Variant) -> None:
    notebooks = {n: json.loads(t) for n, t in variant.texts.items() if n.endswith(".ipynb")}

    assert notebooks
    for notebook in notebooks.values():
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert code
        assert [cell for cell in code if cell["outputs"] or cell["execution_count"]] == []
        assert [cell for cell in notebook["cells"] if cell["metadata"]] == []


def test_github_understands_the_issue_forms(defaults: Variant) -> None:
    folder = ".github/ISSUE_TEMPLATE"
    forms = [name for name in defaults.files if name.startswith(folder)]
    forms.remove(f"{folder}/config.yml")
    schema = ["--builtin-schema", "vendor.github-issue-forms"]

    assert forms
    subprocess.run(
        [machine.tool("check-jsonschema"), *schema, *forms], cwd=defaults.path, check=True
    )


def test_the_python_of_the_package_is_no_template(template: Path) -> None:
    package = template / "template" / "src" / "{{package_name}}"
    sources = [path for path in package.rglob("*") if path.suffix in (".py", ".jinja")]

    assert sources
    for source in sources:
        assert source.suffix == ".py", f"{source.name} would be rendered"
        ast.parse(source.read_text(encoding="utf-8"))
        assert not JINJA.search(source.read_text(encoding="utf-8")), f"{source.name} holds Jinja"


def test_other_python_holds_the_name_of_the_package_and_no_other_jinja(template: Path) -> None:
    sources = list((template / "template").rglob("*.py.jinja"))

    assert sources
    for source in sources:
        text = source.read_text(encoding="utf-8").replace("{{ package_name }}", "named")
        assert not JINJA.search(text), f"{source.name} holds Jinja"
        ast.parse(text)


def _is_valid_on_windows(name: str) -> bool:
    return (
        len(name) <= LONGEST_ON_WINDOWS
        and not PureWindowsPath(name).is_reserved()
        and not any(FORBIDDEN_ON_WINDOWS.search(part) for part in name.split("/"))
    )


def _dvc(variant: Variant) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(variant.texts["dvc.yaml"])
    return loaded


def _made_by_the_pipeline(variant: Variant) -> set[str]:
    outputs = [
        output
        for stage in _dvc(variant)["stages"].values()
        for output in (*stage.get("outs", []), *stage.get("metrics", []))
    ]
    return {next(iter(output)) if isinstance(output, dict) else output for output in outputs}
