"""Runs, versions and aliases in MLflow."""

import os

# MLflow reads these when it is imported, and modules below import it. It shall not report home; a server that does not
# answer is told within seconds, not after MLflow's own four minutes of trying again; what it warns of, such as that
# there is no pip in the environment, changes nothing here.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
