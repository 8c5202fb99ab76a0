"""Every variant is a complete, well-formed repository before anything is run in it."""

import ast
import configparser
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest
import yaml
from render.conftest import Variant

# Not ${{ of a workflow, nor {{ .Name }} of Go's templates, in which docker prints.
JINJA = re.compile(r"(?<!\$)\{\{(?! \.)[- ]|\{%[-+ ]|\{#[- ]")
LINK = re.compile(r"\]\(\s*([^)#?\s]+)[^)]*\)")
LARGEST = 500_000
FORBIDDEN_ON_WINDOWS = re.compile(r'[<>:"|?*\\\x00-\x1f]|[ .]$')
LONGEST_ON_WINDOWS = 160  # of 260, so that a home folder and a package name of 60 letters have room


def _parse_ini(text: str) -> None:
    configparser.ConfigParser(strict=True).read_string(text)


def _parse_editorconfig(text: str) -> None:
    _parse_ini(re.sub(r"^root = .*\n", "", text))


PARSERS: dict[str, Callable[[str], Any]] = {
    ".yml": yaml.safe_load,
    ".yaml": yaml.safe_load,
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".ipynb": json.loads,
    ".py": ast.parse,
    ".dvc/config": _parse_ini,
    ".editorconfig": _parse_editorconfig,
}


def parse(name: str, text: str) -> Any:
    """Parse a file by its name, if its format is one that can be parsed."""
    parsers = [parser for suffix, parser in PARSERS.items() if name.endswith(suffix)]
    return parsers[0](text) if parsers else None


def test_the_files_are_exactly_those_of_the_table(variant: Variant, template: Path) -> None:
    assert variant.files == variant.tables.files(template)


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
    broken = {}
    for name, text in variant.texts.items():
        try:
            parse(name, text)
        except (ValueError, SyntaxError, yaml.YAMLError, configparser.Error) as error:
            broken[name] = str(error)

    assert broken == {}


def test_every_text_file_ends_with_one_line_break_and_has_no_stray_space(variant: Variant) -> None:
    untidy = [
        name
        for name, text in variant.texts.items()
        if not name.startswith("data/raw/")
        and (re.search(r"\S\Z|\n\n\Z", text) or "\r" in text or re.search(r"[ \t]\n", text))
    ]

    assert untidy == []


def test_every_name_is_valid_on_windows_and_differs_in_more_than_case(variant: Variant) -> None:
    invalid = [
        name
        for name in variant.files
        if len(name) > LONGEST_ON_WINDOWS
        or PureWindowsPath(name).is_reserved()
        or any(FORBIDDEN_ON_WINDOWS.search(part) for part in name.split("/"))
    ]

    assert invalid == []
    assert len({name.casefold() for name in variant.files}) == len(variant.files)


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


def test_the_python_of_the_package_is_no_template(template: Path) -> None:
    package = template / "template" / "src" / "{{package_name}}"
    sources = [path for path in package.rglob("*") if path.suffix in (".py", ".jinja")]

    assert sources
    for source in sources:
        assert source.suffix == ".py", f"{source.name} would be rendered"
        ast.parse(source.read_text(encoding="utf-8"))
        assert not JINJA.search(source.read_text(encoding="utf-8")), f"{source.name} holds Jinja"


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


@pytest.mark.parametrize("name", ["con.txt", "a:b", "a.", "sub/nul", 'quo"te'])
def test_the_windows_rule_knows_bad_names(name: str) -> None:
    assert PureWindowsPath(name).is_reserved() or any(
        FORBIDDEN_ON_WINDOWS.search(part) for part in name.split("/")
    )
