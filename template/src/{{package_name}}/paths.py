"""Where the stages read and write, relative to the repository; dvc.yaml names the same places."""

from pathlib import Path

CONF = Path("conf")
SCHEMA = CONF / "schema.yaml"
OBJECTIVES = CONF / "objectives.yaml"
PARAMS = Path("params.yaml")

DATA = Path("data")
SOURCE = Path("data/source.json")
COPIES = Path("data/cache")
COPY = COPIES / "copy.json"
TRAIN = Path("data/train.parquet")
TEST = Path("data/test.parquet")
CHECKED_SCHEMA = Path("data/schema.json")

FITTED_MODEL = Path("models/model.skops")
SERVED_MODEL = Path("models/model.onnx")
CHAMPION = Path("models/champion.onnx")
CHALLENGER = Path("models/challenger.onnx")

DATA_REPORT = Path("reports/data.json")
TRAINING_REPORT = Path("reports/training.json")
EVALUATION_REPORT = Path("reports/evaluation.json")
METRICS = Path("reports/metrics.json")
FIGURES = Path("reports/figures")
PLOTS = Path("reports/plots")
PAGE = Path("reports/report.html")
DRIFT_PAGE = Path("reports/drift.html")
DRIFT_VERDICT = Path("reports/drift.json")
SERVED_PAGE = Path("reports/monitor.html")
SERVED_VERDICT = Path("reports/monitor.json")
MODEL_CARD = Path("MODEL_CARD.md")

TUNING_STORE = Path("tune.db")
TUNED_MODEL = CONF / "model" / "tuned.yaml"
