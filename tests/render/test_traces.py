"""What was not chosen leaves no trace: no dependency, no import, no setting, no page."""

import re

import pytest
from harness.rendered import Variant
from harness.variants import OPTIONS

TRACES = {
    "framework": {
        "scikit-learn": r"- boosting$|HistGradientBoosting(Classifier|Regressor)",
        "lightgbm": r"(?i)lightgbm",
        "pytorch": r"import torch|torch>=|- network$|Network(Classifier|Regressor)|models/checkpoints",
    },
    "data_source": {
        "file": r"fsspec|conf/data/file\.yaml|data: file",
        "sql": r"DATABASE_URL|data\.sql",
        "bigquery": r"(?i)bigquery|GOOGLE_CLOUD_PROJECT",
    },
    "storage": {
        "local": r"-storage$",
        "s3": r"dvc-s3|url = s3://",
        "gcs": r"dvc-gs|url = gs://",
        "azure": r"dvc-azure|url = azure://",
    },
    "tracking": {
        "dvc": r"GitRegistry|models/registry\.yaml",
        "mlflow": r"(?i)mlflow|\btrack:",
    },
    "compute": {
        "local": r"^  - compute: local$",
        "spark": r"(?i)pyspark|spark://",
    },
    "orchestrator": {
        "none": r"^name: Retrain$",
        "airflow": r"airflow",
        "kubeflow": r"kubeflow|kfp",
    },
    "serving": {
        "api": r"(?i)fastapi|uvicorn|\b8000\b",
        "batch": r"serve score|CODE_COMMIT|\bmanifest\b|ByRow",
    },
    "deployment": {
        "compose": r"cap_drop",
        "kubernetes": r"kustomiz|kubectl",
    },
    "drift_report": {
        "builtin": r"BuiltinReport",
        "evidently": r"(?i)evidently",
    },
}
"""By question and answer: what only a project with that answer holds."""


def test_every_option_has_a_trace_to_look_for() -> None:
    assert {question: list(answers) for question, answers in TRACES.items()} == OPTIONS


@pytest.mark.parametrize("question", OPTIONS)
def test_only_the_chosen_answer_leaves_traces(variant: Variant, question: str) -> None:
    chosen = variant.tables.answers[question]
    found = {
        answer
        for answer, trace in TRACES[question].items()
        for name, text in variant.texts.items()
        if not name.startswith("docs/options/") and re.search(trace, text, re.MULTILINE)
    }
    pages = {name for name in variant.files if name.startswith(f"docs/options/{question}-")}

    assert found == {chosen}
    assert pages == {f"docs/options/{question}-{chosen}.md"}
