"""The connection to Spark, and in one sentence why there is none."""

import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from pyspark import SparkConf, SparkContext

from ..errors import ConfigurationError

OLDEST_JAVA = 17
PATIENCE = 5.0
"""Seconds in which a master has to answer."""
LOGS = Path(__file__).with_name("log4j2.properties")


def started(master: str, settings: Mapping[str, str]) -> SparkContext:
    """Connect to the master; for local ones, begin to work here.

    Raises ConfigurationError if Java is missing or too old, or the master cannot be reached or understood.
    """
    check_java()
    check_master(master)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    logging.getLogger("py4j").setLevel(logging.WARNING)  # each connection that it closes is no news
    conf = SparkConf().setMaster(master).setAppName(__package__.partition(".")[0])
    conf.setAll([*_defaults(master), *settings.items()])
    try:
        with warnings.catch_warnings():
            # Nothing here hands tables of pandas to Spark.
            warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
            return SparkContext(conf=conf)
    except Exception as error:  # of Java, of the gateway to it, and of Spark
        raise ConfigurationError(
            f"Spark does not start with the master {master} ({reason(error)}): "
            "mend compute.engine in conf/compute/spark.yaml"
        ) from None


def check_java() -> None:
    """Raise ConfigurationError if there is no Java that Spark can run on."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(Path(home) / "bin/java") if home else shutil.which("java")
    advice = (
        f"install Java {OLDEST_JAVA} (Debian: apt install default-jre-headless) and let JAVA_HOME or PATH lead to it, "
        "or work without Spark: compute=local"
    )
    if java is None:
        where = f"JAVA_HOME ({home})" if home else "PATH"
        raise ConfigurationError(f"Spark needs Java, and {where} leads to none: {advice}")
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = re.search(r'version "(?:1\.)?(\d+)', told.stderr)
    if version is None or int(version[1]) < OLDEST_JAVA:
        found = f"Java {version[1]}" if version else "no Java that tells its version"
        raise ConfigurationError(f"Spark needs Java {OLDEST_JAVA} or later, and {java} is {found}: {advice}")


def check_master(master: str) -> None:
    """Raise ConfigurationError if nothing answers where the master should be, or it is written in no known way."""
    if not re.match(r"local(\[[^]]+\])?$|spark://|k8s://|yarn$", master):
        raise ConfigurationError(
            f"compute.engine.master is '{master}', which is no master of Spark: write local[*], "
            "spark://host:7077, yarn or k8s://https://host:6443 in conf/compute/spark.yaml"
        )
    if master.startswith("spark://") and not any(_answers(address) for address in _addresses(master)):
        raise ConfigurationError(
            f"nobody answers at {master} as the master of Spark: see whether it runs, mend compute.engine.master in "
            "conf/compute/spark.yaml, or work without it: compute=local"
        )


def _addresses(master: str) -> Iterator[tuple[str, int]]:
    """Host and port of each: of several masters, one leads and the others stand by."""
    for address in master.removeprefix("spark://").split(","):
        host, _, port = address.rpartition(":")
        yield host, int(port) if port.isdigit() else 0


def _answers(address: tuple[str, int]) -> bool:
    try:
        with closing(socket.create_connection(address, PATIENCE)):
            return True
    except OSError:
        return False


def _defaults(master: str) -> Iterator[tuple[str, str]]:
    """What holds where the configuration says nothing else."""
    yield "spark.ui.enabled", "false"
    yield "spark.ui.showConsoleProgress", "false"
    # The table comes to this process as a whole, as it does without Spark.
    yield "spark.driver.maxResultSize", "0"
    # Java only deals out: compiled less thoroughly, it starts some seconds earlier.
    yield (
        "spark.driver.extraJavaOptions",
        f"-XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile={LOGS.as_uri()}",
    )
    # Where the workers share a disk with us, they find the package as we did.
    yield "spark.executorEnv.PYTHONPATH", str(Path(__file__).parents[2])
    if master.startswith("local"):
        # No name of this machine has to lead to it.
        yield "spark.driver.host", "127.0.0.1"
        yield "spark.driver.bindAddress", "127.0.0.1"


def reason(error: Exception) -> str:
    """The line that says what went wrong, of the many that Java's errors have."""
    told = str(getattr(error, "java_exception", "") or error)
    # What Python raised in a worker stands below the lines of its traceback, which are indented.
    raised = re.search(r"\n(\S.*)", told.partition("Traceback (most recent")[2])
    lines = [raised[1]] if raised else [line.strip() for line in told.splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
