"""Each data source brings the same rows as a file does, from a real server, and says in a sentence what is wrong."""

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from harness import databases
from harness.edits import configure, in_one_sentence, refused
from harness.project import Project
from harness.servers import free_port
from harness.storages import SERVERS
from harness.variants import variant_with

COLUMNS = (
    "species, island, bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g, sex, year"
)
TABLES = ["data/train.parquet", "data/test.parquet"]
COPY = "data/cache/rows.parquet"

FILL_POSTGRES = f"""
import os, pathlib, psycopg
rows = pathlib.Path("data/raw/penguins.csv").read_bytes()
with psycopg.connect(os.environ["DATABASE_URL"]) as database:
    database.execute("CREATE TABLE penguins (number serial, species text, island text, "
        "bill_length_mm numeric, bill_depth_mm float8, flipper_length_mm int, body_mass_g int, sex text, year int)")
    fill = "COPY penguins ({COLUMNS}) FROM STDIN (FORMAT csv, HEADER, NULL 'NA')"
    with database.cursor().copy(fill) as copy:
        copy.write(rows)
"""
EXECUTE = """
import os, sys, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as database:
    database.execute(sys.argv[1])
"""
MEMORY = """
import resource
from penguin_species.__main__ import main
assert main(["configure"]) == 0
print("megabytes", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
PUT = """
import sys, fsspec
with open(sys.argv[1], "rb") as rows, fsspec.open(sys.argv[2], "wb") as file:
    file.write(rows.read())
"""


@dataclass(frozen=True)
class Reached:
    """A project, and the variables with which it reaches its source."""

    project: Project
    variables: dict[str, str] = field(default_factory=dict)
    address: str = ""
    """Where a file lies that is not on this machine."""

    def ask(self, query: str) -> None:
        """Write a query as a person does."""
        (self.project.path / "conf/data/query.sql").write_text(f"{query}\n", encoding="utf-8")

    def stage(self, *names: str) -> None:
        """Run stages, one after the other."""
        for name in names:
            self.project.run(f"uv run python -m {self.project.package} {name}", **self.variables)

    def python(self, program: str, *arguments: str) -> str:
        """Run a program in the project's environment and return what it printed."""
        command = shlex.join(["uv", "run", "python", "-c", program, *arguments])
        return self.project.run(command, **self.variables).stdout

    def tables(self, source: str = "") -> list[bytes]:
        """Prepare the rows that are learned from and tested on, and return them."""
        for name in TABLES:
            (self.project.path / name).unlink()
        self.stage(f"configure {source}", f"prepare {source}")
        return [(self.project.path / name).read_bytes() for name in TABLES]

    def fingerprint(self) -> str:
        """Return what tells the rows from others."""
        said = json.loads((self.project.path / "data/source.json").read_text(encoding="utf-8"))
        return str(said["sha256"])

    def copied(self) -> tuple[int, int]:
        """Tell one copy of the rows on this machine from the next."""
        (file,) = (self.project.path / "data/cache").glob("rows.*")
        return file.stat().st_ino, file.stat().st_mtime_ns

    def refused(self, **variables: str) -> str:
        """Return the sentence with which the rows are refused."""
        said = refused(self.project, "configure", **self.variables | variables)
        assert in_one_sentence(said), said
        return said

    def aside(self, to: Path) -> "Reached":
        """Return the same with a copy of the project, for a test that changes it."""
        return replace(self, project=self.project.copy(to / "project"))


@pytest.fixture(scope="module")
def sqlite(project: Callable[..., Project]) -> Reached:
    """A project as it was generated, which asks the example database."""
    return Reached(project("classification", data_source="sql"))


@pytest.fixture(scope="module")
def postgres(sqlite: Reached, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    """The same with a PostgreSQL server that holds the example's rows."""
    place = tmp_path_factory.mktemp("postgres")
    with databases.postgres(place / "log") as address:
        reached = Reached(sqlite.project.copy(place / "project"), {"DATABASE_URL": address})
        reached.python(FILL_POSTGRES)
        reached.ask(f"SELECT {COLUMNS} FROM penguins ORDER BY number")
        yield reached


@pytest.fixture(scope="module")
def bigquery(
    project: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reached]:
    """A project with an emulator of BigQuery that holds the example's rows."""
    place = tmp_path_factory.mktemp("bigquery")
    copy = project("classification", data_source="bigquery").copy(place / "project")
    configure(copy, "config.yaml", data="bigquery")
    with databases.bigquery(place / "log") as variables:
        reached = Reached(copy, variables)
        reached.python((Path(databases.__file__).with_name("fill_bigquery.py")).read_text())
        reached.ask(f"SELECT {COLUMNS} FROM example.penguins ORDER BY number")
        yield reached


@pytest.fixture
def database(
    request: pytest.FixtureRequest, postgres: Reached, bigquery: Reached, tmp_path: Path
) -> Reached:
    """A copy of the project of either server."""
    return {"postgres": postgres, "bigquery": bigquery}[request.param].aside(tmp_path)


def test_example_database_gives_the_rows_of_its_file(sqlite: Reached, tmp_path: Path) -> None:
    own = sqlite.aside(tmp_path)
    own.ask(f"SELECT {COLUMNS} FROM penguins ORDER BY rowid")

    assert own.tables() == own.tables("data=sample")


def test_bigquery_gives_the_rows_of_the_file(bigquery: Reached, tmp_path: Path) -> None:
    own = bigquery.aside(tmp_path)

    assert own.tables() == own.tables("data=sample")


def test_postgresql_gives_the_metrics_of_the_file_and_nothing_keeps_its_password(
    postgres: Reached, tmp_path: Path
) -> None:
    own = postgres.aside(tmp_path)
    configure(own.project, "config.yaml", model="logistic")

    def measured() -> tuple[str, str]:
        told = own.project.run("uv run dvc repro evaluate", **own.variables).stdout
        return told, (own.project.path / "reports/metrics.json").read_text(encoding="utf-8")

    told, metrics = measured()
    files = [path for path in own.project.path.rglob("*") if path.is_file()]
    kept = [told.encode(), *(path.read_bytes() for path in files)]
    secrets = (databases.PASSWORD.encode(), b"se%2Fcret")
    assert not [text for text in kept for secret in secrets if secret in text]

    (own.project.path / "reports/metrics.json").unlink()
    configure(own.project, "config.yaml", data="sample")
    assert measured()[1] == metrics


def test_only_changed_rows_run_the_pipeline_again(postgres: Reached, tmp_path: Path) -> None:
    own = postgres.aside(tmp_path)
    own.python(EXECUTE, "CREATE TABLE changing AS SELECT * FROM penguins")
    own.ask(f"SELECT {COLUMNS} FROM changing ORDER BY number")

    def ran() -> str:
        return own.project.run("uv run dvc repro prepare", **own.variables).stdout

    assert "prepare done" in ran()
    assert "prepare done" not in ran()
    own.python(EXECUTE, "UPDATE changing SET body_mass_g = body_mass_g + 1 WHERE number = 1")
    assert "prepare done" in ran()


@pytest.mark.parametrize(
    ("database", "file", "table"),
    [
        ("postgres", "data/sql.yaml", "penguins"),
        ("bigquery", "data/bigquery.yaml", "example.penguins"),
    ],
    indirect=["database"],
)
def test_rows_are_not_read_again_while_the_cheap_query_says_the_same(
    database: Reached, file: str, table: str
) -> None:
    configure(database.project, file, changed=f"SELECT count(*) FROM {table} WHERE year = 2007")
    database.stage("configure")
    first = database.copied()
    database.stage("configure")
    assert database.copied() == first

    configure(database.project, file, changed=f"SELECT count(*) FROM {table} WHERE year = 2008")
    database.stage("configure")
    assert database.copied() != first


def test_memory_does_not_grow_with_the_answer(postgres: Reached, tmp_path: Path) -> None:
    own = postgres.aside(tmp_path)

    def megabytes(rows: int) -> int:
        own.ask(
            "SELECT i AS id, md5(i::text) AS name, i / 3.0::float8 AS price, i % 2 = 0 AS paid "
            f"FROM generate_series(1, {rows}) AS i"
        )
        return int(own.python(MEMORY).split()[-1])

    few, many = megabytes(100_000), megabytes(1_500_000)

    # As objects of Python, or as what the server sends, so many rows take half a gigabyte.
    assert many - few < 100


def test_all_pages_of_a_long_answer_are_read(bigquery: Reached, tmp_path: Path) -> None:
    own = bigquery.aside(tmp_path)
    own.ask("SELECT i FROM UNNEST(GENERATE_ARRAY(1, 50000)) AS i ORDER BY i")

    own.stage("configure")

    read = f"import polars; print(polars.read_parquet({COPY!r})['i'].to_list() == list(range(1, 50001)))"
    assert own.python(read).strip() == "True"


def test_wrong_password_is_told_without_it(postgres: Reached, tmp_path: Path) -> None:
    own = postgres.aside(tmp_path)
    wrong = own.variables["DATABASE_URL"].replace("se%2Fcret", "wr%2Fong")

    said = own.refused(DATABASE_URL=wrong)

    assert "database 'postgres' at 127.0.0.1" in said
    assert "password authentication failed" in said
    assert "wr%2Fong" not in said
    assert "wr/ong" not in said


def test_server_that_cannot_be_reached_is_named(
    postgres: Reached, bigquery: Reached, tmp_path: Path
) -> None:
    nobody = f"127.0.0.1:{free_port()}"

    said = postgres.aside(tmp_path / "sql").refused(
        DATABASE_URL=f"postgresql://learner:se%2Fcret@{nobody}/postgres"
    )
    assert nobody in said
    assert "cannot be reached" in said
    assert "cret" not in said

    said = bigquery.aside(tmp_path / "bigquery").refused(BIGQUERY_EMULATOR_HOST=f"http://{nobody}")
    assert "conf/data/query.sql was not answered by the BigQuery project" in said


@pytest.mark.parametrize(
    ("database", "query", "told"),
    [
        ("postgres", "SELEC", "syntax error"),
        ("postgres", "SELECT * FROM gone", 'relation "gone" does not exist'),
        ("postgres", "DELETE FROM penguins", 'syntax error at or near "DELETE"'),
        ("postgres", "SELECT * FROM penguins WHERE false", "gives no rows"),
        ("postgres", "SELECT 1 / (80000 - i) AS x FROM generate_series(1, 90000) AS i", "by zero"),
        ("bigquery", "SELEC", "syntax error"),
        ("bigquery", "SELECT * FROM example.gone", "example.gone was not found"),
        ("bigquery", "SELECT * FROM example.penguins WHERE false", "gives no rows"),
    ],
    indirect=["database"],
)
def test_bad_query_is_refused_and_nothing_is_written(
    database: Reached, query: str, told: str
) -> None:
    database.ask(query)

    said = database.refused()

    assert told in said
    assert "conf/data/query.sql" in said


def test_without_credentials_the_way_to_them_is_told(bigquery: Reached, tmp_path: Path) -> None:
    own = replace(bigquery.aside(tmp_path), variables={"HOME": str(tmp_path)})

    assert "gcloud auth application-default login" in own.refused()


@pytest.fixture(scope="module", params=["s3", "gcs", "azure"])
def bucket(
    project: Callable[..., Project],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Reached]:
    """A project whose rows lie in a bucket of that cloud; its storage has brought what reads it.

    Its task is whichever a variant has that is made anyway.
    """
    place = tmp_path_factory.mktemp(request.param)
    with SERVERS[request.param](place) as storage:
        address = storage.address.replace("azure:", "az:") + "/rows.csv"
        variables = storage.credentials
        if request.param == "s3":
            variables = variables | {"AWS_ENDPOINT_URL": storage.settings["endpointurl"]}
        answers = variant_with({"storage": request.param, "data_source": "file"})
        copy = project(**answers).copy(place / "project")
        configure(copy, "data/file.yaml", path=address)
        reached = Reached(copy, variables, address)
        if storage.first:
            reached.python(storage.first)
        reached.python(PUT, str(_rows(copy)), address)
        yield reached


def test_file_in_a_bucket_gives_the_rows_of_the_file(bucket: Reached, tmp_path: Path) -> None:
    own = bucket.aside(tmp_path)

    assert own.tables() == own.tables(f"data.path={_rows(own.project)}")


def test_file_in_a_bucket_is_copied_once_in_each_version(bucket: Reached, tmp_path: Path) -> None:
    own = bucket.aside(tmp_path)
    rows = own.project.path / _rows(own.project)

    own.stage("configure")
    first, content = own.copied(), own.fingerprint()
    own.stage("configure")
    assert own.copied() == first

    rows.write_bytes(b"".join(rows.read_bytes().splitlines(keepends=True)[:-1]))
    own.python(PUT, str(rows), own.address)
    own.stage("configure")
    assert own.copied() != first
    assert own.fingerprint() != content


def test_file_that_is_not_in_the_bucket_is_named(bucket: Reached, tmp_path: Path) -> None:
    own = bucket.aside(tmp_path)
    other = own.address.replace("rows", "other")
    configure(own.project, "data/file.yaml", path=other)

    assert f"there is no file {other}" in own.refused()


def _rows(project: Project) -> Path:
    """Return the one file in data/raw/, relative to the project."""
    (file,) = (project.path / "data/raw").glob("*.csv")
    return file.relative_to(project.path)
