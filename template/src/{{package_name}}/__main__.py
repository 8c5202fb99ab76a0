"""The command line: one command per stage and per task of `uv run poe`."""

import argparse
import logging
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

from . import paths
from .config import as_written, compose, configure, given, load
from .errors import ConfigurationError
from .terminal import carry_out

STAGES = {
    "prepare": ("data.prepare", "validate the rows and set the test rows apart"),
    "train": ("model.train", "fit the candidates, keep and export the best one"),
    "evaluate": ("model.evaluate", "measure the exported model on the test rows"),
    "document": ("report.document", "write the model card and the report"),
    "gate": ("report.gate", "fail if an objective is missed"),
}
"""Name of the function, with the module where it stands: a stage imports only what it needs."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a mistake that a person can mend is one message and exit code 1."""
    # OpenMP's threads spin while they wait for each other: on a busy machine that takes several times the work itself.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    options = _parser().parse_args(arguments)
    return carry_out(options.command, lambda: options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _command(commands, "configure", "compose conf/ into params.yaml", _configure)
    for name, (_, help_) in STAGES.items():
        stage = _command(commands, name, help_, _stage)
        stage.add_argument("--params", type=Path, help="read this composed configuration in place of conf/")
    fetch = _command(commands, "fetch", "bring the tables that DVC keeps to this machine", _fetch)
    fetch.add_argument("--newest", action="store_true", help="take imported ones anew from where they come")
    schema = _command(commands, "schema", "infer conf/schema.yaml from the data", _schema)
    schema.add_argument("--replace", action="store_true", help="infer what people wrote anew, too")
    tune = _command(commands, "tune", "search hyperparameters", _tune)
    tune.add_argument("--model", help="the candidate to tune (default: the one that the last training chose)")
    tune.add_argument("--trials", type=int, default=40, help="how many settings to try in all (default: 40)")
    tune.add_argument("--workers", type=int, default=1, help="how many processes try them (default: 1)")
    monitor = _command(
        commands, "monitor", "compare new rows, or what the service stored, with the training data", _monitor
    )
    monitor.add_argument(
        "file",
        nargs="?",
        help="the new rows, in the form of the training data; without it, what the service stored is watched",
    )
    monitor.add_argument(
        "--days", type=float, help="watch so many days in place of those in conf/served.yaml"
    )
    monitor.add_argument("--fail-on-drift", action="store_true", help="exit with code 3 if there is an alarm")
    labelled = _command(
        commands,
        "labelled",
        "write what the service predicted and what really came out, to learn from",
        _labelled,
    )
    labelled.add_argument("file", type=Path, help="where to: a name that ends in .parquet or .csv")
    labelled.add_argument(
        "--days", type=float, help="predictions of so many days (default: all that are stored)"
    )
    _command(commands, "summary", "print the metrics and the objectives", _summary)
    for command in commands.choices.values():
        command.add_argument("overrides", nargs="*", help="Hydra overrides, such as model=tuned or seed=7")
    return parser


def _command(
    commands: Any, name: str, help_: str, run: Callable[[Any], int | None]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help_, description=help_)
    parser.set_defaults(run=run)
    return parser


def _configure(options: argparse.Namespace) -> None:
    from .data.source import fingerprint

    configure(options.overrides)
    fingerprint(load(paths.PARAMS))


def _stage(options: argparse.Namespace) -> None:
    config = given(options.params, options.overrides)
    module, name = STAGES[options.command][0], options.command
    start = perf_counter()
    getattr(import_module(f".{module}", __package__), name)(config)
    logging.getLogger(__package__).info("%s done in %.1f s", name, perf_counter() - start)


def _fetch(options: argparse.Namespace) -> None:
    from .data.versioned import fetch_tables

    fetch_tables(newest=options.newest)


def _schema(options: argparse.Namespace) -> None:
    from .data.describe import describe

    print(describe(compose(options.overrides), replace=options.replace))


def _tune(options: argparse.Namespace) -> None:
    from .model.tune import tune

    written = as_written(options.overrides)
    print(tune(compose(options.overrides), written, options.model, options.trials, options.workers))


def _monitor(options: argparse.Namespace) -> int:
    # Without a file, the first override stands in its place.
    if options.file is not None and "=" in options.file and not Path(options.file).exists():
        options.file, options.overrides = None, [options.file, *options.overrides]
    config = compose(options.overrides)
    if options.file is None:
        from .monitor.watch import watch

        found = watch(config, options.days)
        print(found)
        is_alarmed = bool(found.alarms)
    elif options.days is not None:
        raise ConfigurationError(
            f"--days is about what the service stored, and {options.file} is compared as a whole: leave out the one "
            "or the other"
        )
    else:
        from .monitor.check import check

        verdict = check(config, Path(options.file))
        print(verdict)
        is_alarmed = verdict.drifted
    return 3 if is_alarmed and options.fail_on_drift else 0


def _labelled(options: argparse.Namespace) -> None:
    from .monitor.watch import export

    print(export(compose(options.overrides), options.file, options.days))


def _summary(options: argparse.Namespace) -> None:
    from .report.summary import summary

    print(summary(compose(options.overrides)))


if __name__ == "__main__":
    sys.exit(main())
