"""Each drift report tells new rows that are like the training rows from those that are not, and draws them."""

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.project import Project
from harness.variants import OPTIONS

DRIFTED = 3
"""The exit code of an alarm."""


@pytest.mark.parametrize("drift_report", OPTIONS["drift_report"])
def test_alarm_is_raised_for_rows_that_drifted_and_for_no_others(
    project: Callable[..., Project], drift_report: str, tmp_path: Path
) -> None:
    watched = project("classification", drift_report=drift_report).copy(tmp_path / "project")
    source = watched.path / "data/raw/penguins.csv"
    with source.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    # Sexes alternate in the file, so every second row would be a biased sample.
    some = random.Random(0).sample(rows, 170)
    mass = header.index("body_mass_g")
    heavier = [
        [
            str(float(cell) + 900) if place == mass and cell.isdigit() else cell
            for place, cell in enumerate(row)
        ]
        for row in some
    ]
    for name, table in (("calm", some), ("heavier", heavier)):
        with (watched.path / f"data/raw/{name}.csv").open(
            "w", encoding="utf-8", newline=""
        ) as stream:
            csv.writer(stream).writerows([header, *table])

    calm = watched.run("uv run poe monitor --fail-on-drift data/raw/calm.csv").stdout
    alarm = watched.run("uv run poe monitor --fail-on-drift data/raw/heavier.csv", check=False)

    assert "No drift: none of " in calm
    assert alarm.returncode == DRIFTED
    assert "body_mass_g: values drifted" in alarm.stdout
    verdict = json.loads((watched.path / "reports/drift.json").read_text(encoding="utf-8"))
    assert [column["name"] for column in verdict["columns"] if column["drifted"]] == ["body_mass_g"]
    page = (watched.path / "reports/drift.html").read_text(encoding="utf-8")
    assert "body_mass_g" in page
    # Both show values of rows, which may be about people.
    assert "drift" not in watched.run("git status --porcelain reports").stdout
