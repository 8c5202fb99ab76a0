"""The project's own tests see what goes wrong: plant a fault, and they turn red where they should."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness.project import Project

SRC = "src/{package}"
SPLIT, TABLES = "tests/unit/test_split.py", "tests/data/test_tables.py"
VALUES, EXPORT = "tests/unit/test_table.py", "tests/unit/test_export.py"
BEHAVIOUR, REPORTS = "tests/behaviour/test_behaviour.py", "tests/pipeline/test_reports.py"
SETTINGS = "tests/pipeline/test_configuration.py"

Make = Callable[[str], Project]


@dataclass(frozen=True)
class Fault:
    """A text in a file of the project, what takes its place, and who has to notice.

    seen_by   the file of tests that is run
    saying    a pattern that its report must hold: the right test fails, for the right reason
    beside    other texts in other files that change too, so that no earlier guard stops the fault
    model     the candidates to train: one is enough for most faults, and quick
    """

    name: str
    file: str
    text: str
    instead: str
    seen_by: str
    saying: str
    beside: tuple[tuple[str, str, str], ...] = ()
    task: str = "classification"
    model: str | None = None


GATE_OPEN = (f"{SRC}/report/gate.py", "    if missed:\n", "    if False:\n")

FAULTS = [
    Fault(
        "test rows are learned from",
        f"{SRC}/data/prepare.py",
        "write_split(labelled.filter(pl.Series(kept)), ",
        "write_split(labelled, ",
        TABLES,
        "test_no_test_row_stands_among_the_training_rows",
    ),
    Fault(
        "equal rows fall on both sides",
        f"{SRC}/data/split.py",
        "permutation(len(first))[by_appearance[inverse]]",
        "permutation(len(inverse))",
        SPLIT,
        "test_equal_rows_fall_on_the_same_side",
    ),
    Fault(
        "a group is torn apart",
        f"{SRC}/data/split.py",
        "[schema.group.name] if schema.group is not None else list(columns)",
        "list(columns)",
        SPLIT,
        "test_rows_of_a_group_stay_together",
    ),
    Fault(
        "the seed is ignored",
        f"{SRC}/data/split.py",
        "default_rng(seed)",
        "default_rng(0)",
        SPLIT,
        "test_the_seed_decides",
    ),
    Fault(
        "the size of the test is ignored",
        f"{SRC}/data/split.py",
        "round(len(queue) * share)",
        "round(len(queue) * 0.5)",
        SPLIT,
        "test_every_class_gives_the_same_share",
    ),
    Fault(
        "the number of folds is ignored",
        f"{SRC}/model/classification.py",
        "StratifiedKFold(count,",
        "StratifiedKFold(5,",
        REPORTS,
        "test_folds_are_as_many_as_configured",
    ),
    Fault(
        "an unknown setting is ignored",
        f"{SRC}/config.py",
        'ConfigDict(extra="forbid")',
        'ConfigDict(extra="ignore")',
        SETTINGS,
        "test_an_unknown_setting_is_named",
    ),
    Fault(
        "a column is dropped from the tables",
        f"{SRC}/data/table.py",
        "for c in schema.used)",
        "for c in schema.used[:-1])",
        TABLES,
        "test_both_tables_have_the_columns_of_the_schema",
    ),
    Fault(
        "the numbers are dropped from the features",
        f"{SRC}/features.py",
        'values.dtype.kind != "M"}',
        'values.dtype.kind == "O"}',
        BEHAVIOUR,
        "test_the_column_that_tells_most_moves_predictions",
        beside=(
            GATE_OPEN,
            (f"{SRC}/features.py", "if name in kept:", 'if values.dtype.kind != "M":'),
        ),
    ),
    Fault(
        "labels are shuffled before fitting",
        f"{SRC}/model/train.py",
        "target.astype(str) if target.dtype == object",
        "np.random.default_rng(0).permutation(target.astype(str)) if target.dtype == object",
        BEHAVIOUR,
        "the stage gate failed",
    ),
    Fault(
        "true and false change places",
        f"{SRC}/model/labels.py",
        'values == 1, "true", "false"',
        'values == 1, "false", "true"',
        "tests/unit/test_classification_metrics.py",
        "test_labels_come_back_in_the_type_of_the_target",
    ),
    Fault(
        "the model predicts a constant",
        "conf/model/logistic.yaml",
        "C: 1.0",
        "C: 1e-12",
        BEHAVIOUR,
        "test_every_class_with_enough_rows_is_predicted_for_some",
        beside=(GATE_OPEN,),
    ),
    Fault(
        "the model is measured on its training rows",
        f"{SRC}/model/evaluate.py",
        "load_examples(paths.TRAIN, judge), load_examples(paths.TEST, judge)",
        "load_examples(paths.TRAIN, judge), load_examples(paths.TRAIN, judge)",
        REPORTS,
        "test_the_test_rows_are_what_was_measured",
    ),
    Fault(
        "intervals have no width",
        f"{SRC}/model/intervals.py",
        "rng.integers(len(sizes), size=len(sizes))",
        "np.arange(len(sizes))",
        REPORTS,
        "test_intervals_hold_the_value_and_have_a_width",
    ),
    Fault(
        "the worst candidate is chosen",
        f"{SRC}/model/train.py",
        "score.mean if larger_is_better else -score.mean",
        "-score.mean if larger_is_better else score.mean",
        REPORTS,
        "test_the_best_candidate_is_chosen",
        model="all",
    ),
    Fault(
        "the card's metadata is stale",
        f"{SRC}/report/card.md.j2",
        "value: {{ metric.value }}",
        "value: 0.9876",
        REPORTS,
        "test_card_opens_with_metadata",
    ),
    Fault(
        "a number in the card's table is stale",
        f"{SRC}/report/card.md.j2",
        "| {{ metric.value | figure }} |",
        "| 0.9876 |",
        REPORTS,
        "test_card_states_every_metric_as_it_was_measured",
    ),
    Fault(
        "the gate lets everything pass",
        f"{SRC}/report/gate.py",
        '"pass" if low <= value <= high else "fail"',
        '"pass"',
        REPORTS,
        "test_a_missed_objective_fails_and_says_by_how_much",
    ),
    Fault(
        "the range is not checked",
        f"{SRC}/data/validate.py",
        "if column.range is not None:",
        "if False:",
        TABLES,
        "test_a_number_out_of_range_is_named",
    ),
    Fault(
        "the categories are not checked",
        f"{SRC}/data/validate.py",
        "if column.categories is not None and not column.open:",
        "if False:",
        TABLES,
        "test_an_unknown_category_is_named",
    ),
    Fault(
        "a decimal comma is read as a point between thousands",
        f"{SRC}/data/table.py",
        'if is_text and decimal == ",":',
        "if False:",
        VALUES,
        "test_with_a_decimal_comma_points_separate_thousands",
    ),
    Fault(
        "missing numbers become zero",
        f"{SRC}/columns.py",
        "np.nan if value is None else float(value)",
        "0.0 if value is None else float(value)",
        VALUES,
        "test_a_missing_value_is_missing_from_a_table_and_from_a_request",
    ),
    Fault(
        "the service computes other features than the training",
        f"{SRC}/model/predictor.py",
        "seen = features(columns)",
        "seen = {n: v if v.dtype == object else 1.1 * v for n, v in features(columns).items()}",
        BEHAVIOUR,
        "the stage train failed",
    ),
    Fault(
        "a request is rounded on its way to the model",
        f"{SRC}/columns.py",
        "np.nan if value is None else float(value)",
        "np.nan if value is None else float(round(value))",
        VALUES,
        "test_a_row_becomes_the_same_columns",
    ),
    Fault(
        "the exported model may say something else",
        f"{SRC}/model/export.py",
        "if differs.any():",
        "if False:",
        EXPORT,
        "test_a_difference_that_is_more_than_rounding_is_refused",
    ),
    Fault(
        "code of strangers is loaded with a model",
        f"{SRC}/model/export.py",
        "load(path, trusted=trusted)",
        "load(path, trusted=skops.io.get_untrusted_types(file=path))",
        EXPORT,
        "test_a_file_with_code_of_others_is_refused",
    ),
    Fault(
        "an interrupted write leaves half a file",
        f"{SRC}/files.py",
        'part = path.with_name(f".{path.name}.part")',
        "part = path",
        "tests/unit/test_files.py",
        "test_an_interrupted_write_leaves_the_old_file",
    ),
    Fault(
        "DVC does not see that the features changed",
        "dvc.yaml",
        f"      - reports/data.json\n      - {SRC}/model\n      - {SRC}/features.py\n",
        f"      - reports/data.json\n      - {SRC}/model\n",
        SETTINGS,
        r"test_dvc_reruns_a_stage_when_any_code_that_it_imports_changes\[train\]",
    ),
    Fault(
        "errors cancel out",
        f"{SRC}/model/regression.py",
        '"mae": float(np.abs(errors).mean())',
        '"mae": float(abs(errors.mean()))',
        "tests/unit/test_regression_metrics.py",
        "agree",
        task="regression",
    ),
    Fault(
        "a lag looks ahead",
        f"{SRC}/data/windows.py",
        "found.values[origins - lag] - level",
        "found.values[np.minimum(origins + lag, len(found.values) - 1)] - level",
        "tests/unit/test_windows.py",
        "FAILED",
        task="forecasting",
    ),
]

LINEAR = {"classification": "logistic", "regression": "ridge", "forecasting": "ridge"}


def replace(project: Project, file: str, text: str, instead: str) -> None:
    """Replace a text that the file holds exactly once: a fault cannot miss its place unseen."""
    path = project.path / file.format(package=project.package)
    text, instead = (part.replace("{package}", project.package) for part in (text, instead))
    content = path.read_text(encoding="utf-8")
    assert content.count(text) == 1, f"{file} holds {text!r} {content.count(text)} times"
    path.write_text(content.replace(text, instead), encoding="utf-8")


@pytest.fixture
def quick(project: Make, tmp_path: Path) -> Callable[..., Project]:
    """Return a function that copies a project and makes it train one candidate."""

    def made(task: str, model: str | None) -> Project:
        copy = project(task).copy(tmp_path / "project")
        replace(copy, "conf/config.yaml", "- model: all", f"- model: {model or LINEAR[task]}")
        return copy

    return made


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_fault_turns_the_projects_tests_red(quick: Callable[..., Project], fault: Fault) -> None:
    spoiled = quick(fault.task, fault.model)
    for place in ((fault.file, fault.text, fault.instead), *fault.beside):
        replace(spoiled, *place)

    named = re.match(r"test_\w+", fault.saying)
    only = f" -k {named[0]}" if named else ""
    ran = spoiled.run(f"uv run pytest -q --tb=short {fault.seen_by}{only}", check=False)

    assert ran.returncode == 1, ran.stdout
    assert re.search(fault.saying, ran.stdout), ran.stdout


@pytest.mark.parametrize("task", sorted({fault.task for fault in FAULTS}))
def test_without_a_fault_the_same_tests_are_green(quick: Callable[..., Project], task: str) -> None:
    files = sorted({fault.seen_by for fault in FAULTS if fault.task == task})

    quick(task, "all").run(f"uv run pytest -q {' '.join(files)}")
