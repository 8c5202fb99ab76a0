"""Own data works by configuration alone, and what cannot work is told in one sentence."""

import csv
import json
import math
import random
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.edits import configure, in_one_sentence, refused
from harness.project import Project

TYPED = """
import json
import polars as pl

table = pl.DataFrame(json.load(open("rows.json", encoding="utf-8")))
table.with_columns(
    pl.col(" Größe in cm").str.replace(",", ".").cast(pl.Float64, strict=False).fill_null(float("nan")),
    pl.col('is "new"?') == "yes",
    pl.col("Année d'achat").str.to_date("%d.%m.%Y"),
    pl.col("Ville").cast(pl.Categorical),
    pl.col("Straße").str.split(" ").alias("Wörter"),
).write_parquet("data/raw/own.parquet")
"""

DATED = """
import numpy as np
from {package}.features import features

columns = {"d": np.array(["2024-03-01"], dtype="datetime64[us]"), "d year": np.array([7.0])}
print({name: values.tolist() for name, values in features(columns).items()})
"""

Make = Callable[[str], Project]
Rows = list[dict[str, str]]

FAST = {"classification": "logistic", "regression": "ridge", "forecasting": "ridge"}
TARGET = {"classification": "Ergebnis", "regression": "Ergebnis", "forecasting": "Umsatz in €"}
OWN = {
    # By macro_f1 a class of two rows would count as much as each of the others.
    "classification": {"metric": "accuracy"},
    "regression": {},
    "forecasting": {"frequency": "D", "season": "7", "lags": "[1, 2, 6, 7]", "horizon": "7"},
}
"""What in conf/task/ has to be said about these rows."""

CLASSES = {
    "string": ("très bon", "mauvais", "rare"),
    "integer": ("1", "2", "3"),
    "boolean": ("true", "false", "false"),
}
"""By the type of the target: what long ones are, what short ones are, and what two long rows are."""

PREDICTED = {
    "string": "très bon",
    "integer": 1,
    "boolean": True,
    "float": pytest.approx(210, abs=20),
}
"""What a row is that is 70 cm long."""

ROW = {
    "Größe in cm": 70.0,
    'is "new"?': True,
    "Année d'achat": "2020-03-01",
    "Ville": "Besançon",
    "Straße": "Gasse 7",
}
IGNORED = {"Kundennummer id", "Bemerkung", "constant", "leer", "déjà connu", "column 11"}

ASK = """
import json
from fastapi.testclient import TestClient
from {package}.serve.app import create_app

client = TestClient(create_app())
request = json.load(open("request.json", encoding="utf-8"))
for body in (request, client.get("/openapi.json").json()["paths"]["/predict"]["post"]
             ["requestBody"]["content"]["application/json"]["example"]):
    answer = client.post("/predict", json=body)
    print("answer", answer.status_code, json.dumps(answer.json()))
"""


def table(kind: str, count: int = 240) -> Rows:
    """Rows as a spreadsheet saves them, with all that is usually wrong with such a file."""
    chance = random.Random(7)
    return [_row(kind, i, chance) for i in range(count)]


def _row(kind: str, i: int, chance: random.Random) -> dict[str, str]:
    length = chance.gauss((65, 35)[i % 2], 5)
    classes = CLASSES.get(kind)
    answer = (
        classes[2 if i in (4, 90) else i % 2] if classes else comma(3 * length + chance.gauss(0, 5))
    )
    return {
        "Kundennummer id": f"K-{i:05d}",
        " Größe in cm": ("NA", "?", "")[i % 3] if i % 17 == 0 else comma(length),
        'is "new"?': chance.choice(("yes", "no")),
        "Année d'achat": f"{date(2020, 1, 1) + timedelta(days=i % 200):%d.%m.%Y}",
        "Ville": chance.choice(("Besançon", "Köln", "Łódź")),
        "Straße": f"Gasse {chance.randrange(90)}",
        "Bemerkung": f"Text {i}; {chance.random()}",
        "constant": "x",
        "leer": "",
        "déjà connu": answer,
        "": "",
        "Ergebnis": answer,
    }


def comma(number: float) -> str:
    return f"{number:.2f}".replace(".", ",")


def series(days: int = 240) -> Rows:
    """Sales of a shop that is closed on Sundays: a trend, a week, gaps."""
    start = date(2024, 1, 1)
    return [
        {
            "Tag": f"{start + timedelta(days=i):%d.%m.%Y}",
            "Umsatz in €": comma(100 + i / 4 + 30 * math.sin(2 * math.pi * i / 7)),
        }
        for i in range(days)
        if i % 7 != 6
    ]


def save(project: Project, rows: Rows) -> None:
    with (project.path / "data/raw/own.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def own(project: Make, tmp_path: Path) -> Callable[..., Project]:
    """Return a function that gives a project of a task, configured for own rows and to be quick."""

    def made(task: str, rows: Rows, **data: str) -> Project:
        copy = project(task).copy(tmp_path / "project")
        configure(copy, "config.yaml", model=FAST[task])
        configure(copy, "evaluation.yaml", resamples="50", permutations="1")
        own_file = {"path": "data/raw/own.csv", "target": TARGET[task], "decimal": '","'}
        configure(copy, "data/file.yaml", **own_file | data)
        configure(copy, f"task/{task}.yaml", **OWN[task])
        save(copy, rows)
        return copy

    return made


def columns(project: Project) -> dict[str, dict[str, Any]]:
    schema = yaml.safe_load((project.path / "conf/schema.yaml").read_text(encoding="utf-8"))
    return {column["name"]: column for column in schema["columns"]}


def having(project: Project, role: str) -> set[str]:
    found = columns(project)
    return {name for name in found if found[name].get("role", "feature") == role}


def python(project: Project, program: str) -> str:
    (project.path / "program.py").write_text(program, encoding="utf-8")
    return project.run("uv run python program.py").stdout


def ask(project: Project, request: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the predictions for a request; the example of the service's own page is answered too."""
    (project.path / "request.json").write_text(json.dumps(request), encoding="utf-8")
    said = python(project, ASK.format(package=project.package))
    answers = re.findall(r"(?m)^answer (\d+) (.*)$", said)
    assert [status for status, _ in answers] == ["200", "200"], said
    return json.loads(answers[0][1])["predictions"]


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        pytest.param("classification", "string", id="string"),
        pytest.param("classification", "integer", id="integer"),
        pytest.param("classification", "boolean", id="boolean"),
        pytest.param("regression", "float", id="float"),
    ],
)
def test_untidy_csv_is_learned_served_and_monitored(
    own: Callable[..., Project], task: str, kind: str
) -> None:
    mine = own(task, table(kind))

    mine.run("uv run poe schema")
    assert having(mine, "ignored") == IGNORED
    assert having(mine, "feature") == set(ROW)
    assert having(mine, "target") == {"Ergebnis"}

    mine.run("uv run poe pipeline")
    assert ask(mine, {"rows": [ROW]})[0]["prediction"] == PREDICTED[kind]

    mine.run("uv run poe monitor --fail-on-drift data/raw/own.csv")


def test_tests_of_the_project_hold_for_rows_that_are_written_in_another_way(
    own: Callable[..., Project],
) -> None:
    mine = own("classification", table("string"), encoding="utf-16")
    written = mine.path / "data/raw/own.csv"
    written.write_bytes(written.read_text(encoding="utf-8").encode("utf-16"))

    mine.run("uv run poe schema")

    mine.run("uv run pytest tests/data tests/unit/test_source.py")


def test_typed_parquet_is_learned_and_served(own: Callable[..., Project]) -> None:
    mine = own("classification", table("string"))
    (mine.path / "rows.json").write_text(json.dumps(table("string")), encoding="utf-8")
    python(mine, TYPED)
    configure(mine, "data/file.yaml", path="data/raw/own.parquet")

    mine.run("uv run poe schema")
    assert having(mine, "feature") == set(ROW)
    assert having(mine, "ignored") == IGNORED | {"Wörter"}

    mine.run("uv run poe pipeline")
    assert ask(mine, {"rows": [ROW]})[0]["prediction"] == PREDICTED["string"]


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        pytest.param("classification", "string", id="classification"),
        pytest.param("regression", "float", id="regression"),
        pytest.param("forecasting", "series", id="forecasting"),
    ],
)
def test_projects_own_tests_hold_for_own_data(
    own: Callable[..., Project], task: str, kind: str
) -> None:
    mine = own(task, series() if kind == "series" else table(kind))
    mine.run("uv run poe schema")

    mine.run("uv run pytest -q")


def test_own_series_is_forecast(own: Callable[..., Project]) -> None:
    mine = own("forecasting", series())

    mine.run("uv run poe schema")
    assert having(mine, "time") == {"Tag"}

    mine.run("uv run poe pipeline")
    history = [{"Tag": f"2024-08-{day:02}", "Umsatz in €": 160.0} for day in range(1, 21)]
    forecast = ask(mine, {"history": history, "horizon": 7})
    assert [step["date"] for step in forecast] == [f"2024-08-{day}" for day in range(21, 28)]


@pytest.fixture
def spoiled(own: Callable[..., Project]) -> Callable[[Rows], Project]:
    """Return a function that gives a project with a schema of good rows, and then other rows."""

    def made(rows: Rows) -> Project:
        mine = own("classification", table("string"))
        mine.run("uv run poe schema")
        save(mine, rows)
        return mine

    return made


def test_unknown_target_is_named_with_the_columns_there_are(own: Callable[..., Project]) -> None:
    said = refused(own("classification", table("string"), target="Resultat"), "schema")

    assert in_one_sentence(said)
    assert "'Resultat'" in said
    assert "'Größe in cm'" in said
    assert "'Ergebnis'" in said


def test_one_class_is_refused(own: Callable[..., Project]) -> None:
    rows = [row | {"Ergebnis": "only"} for row in table("string")]

    said = refused(own("classification", rows), "schema")

    assert in_one_sentence(said)
    assert "'Ergebnis' holds a single class" in said


def test_one_class_left_in_new_rows_is_refused(spoiled: Callable[[Rows], Project]) -> None:
    rows = [row | {"Ergebnis": "mauvais"} for row in table("string")]

    said = refused(spoiled(rows), "prepare")

    assert in_one_sentence(said)
    assert "'Ergebnis' holds a single class ('mauvais')" in said


def test_too_few_rows_are_refused(spoiled: Callable[[Rows], Project]) -> None:
    said = refused(spoiled(table("string")[:12]), "prepare")

    assert in_one_sentence(said)
    assert "has 12 rows" in said
    assert "at least 30 are needed" in said


def test_broken_rules_are_told_with_column_rule_rows_and_examples(
    spoiled: Callable[[Rows], Project],
) -> None:
    rows = table("string")
    rows[4]["Ville"] = rows[7]["Ville"] = "Atlantis"
    rows[9]["Année d'achat"] = "gestern"

    said = refused(spoiled(rows), "prepare")

    assert "breaks conf/schema.yaml in 2 ways" in said
    assert "column 'Ville' must be one of 'Besançon', 'Köln', 'Łódź'" in said
    assert "2 rows (row 5: 'Atlantis', row 8: 'Atlantis')" in said
    assert "column 'Année d'achat' must hold a date in the form %d.%m.%Y" in said
    assert "1 row (row 10: 'gestern')" in said


def test_missing_column_is_named(spoiled: Callable[[Rows], Project]) -> None:
    rows = [
        {name: cell for name, cell in row.items() if name != "Ville"} for row in table("string")
    ]

    said = refused(spoiled(rows), "prepare")

    assert in_one_sentence(said)
    assert "lacks 'Ville'" in said


def test_split_by_time_without_times_says_what_to_mark(own: Callable[..., Project]) -> None:
    mine = own("classification", table("string"))
    mine.run("uv run poe schema")
    by_time = f"prepare task.split._target_={mine.package}.data.split.by_time"

    said = refused(mine, by_time)

    assert in_one_sentence(said)
    assert "no column has the role time" in said

    schema = mine.path / "conf/schema.yaml"
    dates = "    type: date\n"
    marked = schema.read_text(encoding="utf-8").replace(dates, dates + "    role: time\n")
    schema.write_text(marked, encoding="utf-8")
    mine.run(f"uv run python -m {mine.package} {by_time}")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param("Größe;Ergebnis\n1,5;é\n".encode("latin-1") * 40, id="encoding"),
        pytest.param(b"a;b;Ergebnis\n1;2;x\n" + b"1;2;x;9;9\n" * 40, id="ragged"),
        pytest.param(None, id="missing"),
    ],
)
def test_unreadable_file_is_named(own: Callable[..., Project], content: bytes | None) -> None:
    mine = own("classification", table("string"))
    path = mine.path / "data/raw/own.csv"
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    said = refused(mine, "schema")

    assert in_one_sentence(said)
    assert "data/raw/own.csv" in said


def test_schema_that_came_with_the_example_stays(project: Make, tmp_path: Path) -> None:
    # Those of other tasks: test_practices.py
    copy = project("classification").copy(tmp_path / "project")
    schema = copy.path / "conf/schema.yaml"
    came = schema.read_text(encoding="utf-8")

    copy.run("uv run poe schema")

    assert schema.read_text(encoding="utf-8") == came


def test_parts_of_a_date_take_the_place_of_no_column(project: Make, tmp_path: Path) -> None:
    copy = project("regression").copy(tmp_path / "project")

    said = python(copy, DATED.replace("{package}", copy.package))

    assert said == "{'d year': [7.0], 'd year-': [2024.0], 'd month': [3.0], 'd weekday': [4.0]}\n"


def test_edited_schema_is_not_lost(own: Callable[..., Project]) -> None:
    rows = table("string")
    mine = own("classification", rows)
    mine.run("uv run poe schema")
    schema = mine.path / "conf/schema.yaml"
    edited = schema.read_text(encoding="utf-8").replace("Köln", "Bonn")
    schema.write_text(edited, encoding="utf-8")
    save(mine, [row | {"Farbe": ("rot", "blau")[i % 2]} for i, row in enumerate(rows)])

    said = mine.run("uv run poe schema").stdout

    assert "column 'Ville' must be one of 'Besançon', 'Bonn', 'Łódź'" in said
    assert schema.read_text(encoding="utf-8").startswith(edited)
    assert columns(mine)["Farbe"]["categories"] == ["blau", "rot"]

    edited = schema.read_text(encoding="utf-8")
    save(mine, [{n: cell for n, cell in row.items() if n != "Ville"} for row in rows])
    assert "--replace" in refused(mine, "schema")
    assert schema.read_text(encoding="utf-8") == edited

    mine.run("uv run poe schema --replace")
    assert (mine.path / "conf/schema.previous.yaml").read_text(encoding="utf-8") == edited
