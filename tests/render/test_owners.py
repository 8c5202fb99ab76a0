"""Every file has one owner, and both tables of copier.yml speak of files that exist."""

from collections import Counter
from pathlib import Path

import pytest
from harness import tables
from harness.rendered import Variant
from harness.tables import Tables


def test_every_file_has_exactly_one_owner(variant: Variant) -> None:
    owners = {name: variant.tables.owners_of(name) for name in sorted(variant.files)}

    assert {name: found for name, found in owners.items() if len(found) != 1} == {}


@pytest.fixture(scope="module")
def every_tables(defaults: Variant) -> list[Tables]:
    """Return the tables for answers in which every two choices meet."""
    settings, answers = defaults.tables.settings, defaults.tables.answers
    cover = tables.covering(settings, list(tables.choices(settings)))
    return [Tables(settings, {**answers, **chosen}) for chosen in cover]


def test_every_file_of_the_template_comes_with_some_answer(
    every_tables: list[Tables], template: Path
) -> None:
    brought = set().union(*(variant.files(template) for variant in every_tables))

    assert set(every_tables[0].possible_files(template)) - brought == set()


def test_every_anchored_pattern_of_both_tables_names_a_file(
    every_tables: list[Tables], template: Path
) -> None:
    files = every_tables[0].possible_files(template)
    patterns = {
        pattern
        for variant in every_tables
        for listed in (variant.excluded("update"), *variant.owners.values())
        for pattern in listed
        if pattern.lstrip("!").startswith("/")
    }

    assert patterns
    named = {p: any(tables.compiled([p.lstrip("!")]).match_files(files)) for p in patterns}
    assert [pattern for pattern, names_a_file in named.items() if not names_a_file] == []


def test_no_file_stands_twice_in_the_table_of_answers(every_tables: list[Tables]) -> None:
    for variant in every_tables:
        counted = Counter(variant.excluded("update"))
        assert [pattern for pattern, times in counted.items() if times > 1] == []


def test_features_schema_and_documents_belong_to_the_project(variant: Variant) -> None:
    package = variant.tables.answers["package_name"]
    theirs = [f"src/{package}/features.py", "conf/schema.yaml", "docs/charter.md", "README.md"]

    assert [variant.tables.owners_of(name) for name in theirs] == [["owned"]] * len(theirs)


def test_machinery_belongs_to_the_template(variant: Variant) -> None:
    package = variant.tables.answers["package_name"]
    ours = [
        "pyproject.toml",
        "conf/config.yaml",
        f"src/{package}/schema.py",
        ".github/workflows/ci.yml",
    ]

    assert [variant.tables.owners_of(name) for name in ours] == [["managed"]] * len(ours)
