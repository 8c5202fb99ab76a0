"""`poe register`, `promote`, `rollback`, `versions`, `champion`, `challenger`: each does one thing and tells it."""

from pathlib import Path

from .. import paths
from ..config import Config
from ..errors import RefusedError, RegistryError
from ..files import whole
from ..report.wording import figure
from ..terminal import aligned
from .compare import check_better
from .history import Decision, History, Signed, Version
from .in_service import check_in_service
from .made import features_hash, made
from .registry import Registry, configured
from .turn import my_turn


@my_turn()
def register(config: Config, because: str) -> str:
    """Make the pipeline's model the newest version and the challenger.

    Raises RegistryError if no commit names all that it was made from, or it is a version already;
           ObjectiveMissedError if it missed the gate.
    """
    registry = configured(config.tracking)
    versions = registry.history().versions
    facts = made(config, registry.files, because)
    for known in versions:
        if known.model.md5 == facts.model.md5:
            raise RegistryError(f"this model is version {known.number} already, of commit {known.commit[:7]}")
    number = registry.add(config, facts)
    metric = config.task.metric
    return _told(
        f"version {number} is the challenger: {facts.candidate}, {metric} {figure(facts.metrics[metric])}, "
        f"of commit {facts.commit[:7]}",
        registry.next_step,
    )


@my_turn()
def promote(config: Config, number: int | None, because: str, force: str) -> str:
    """Make the challenger the champion if it is better; `force` is the reason to do so although it is not.

    Raises RegistryError if there is no such version, RefusedError if it is not better.
    """
    registry = configured(config.tracking)
    history = registry.history()
    challenger = _candidate(history, number)
    try:
        if history.champion is None:
            compared = "the first champion"
        else:
            compared = check_better(config, registry, challenger, history.champion)
            if told := check_in_service(registry, challenger):
                compared = f"{compared}; {told}"
        why = f"{because}; {compared}" if because else compared
    except RefusedError as error:
        if not force:
            raise RefusedError(
                f"{error}. To promote it nevertheless, say why: --force 'the reason'"
            ) from error
        why = f"forced: {force} ({error})"
    _decide(registry, Decision(action="promote", version=challenger.number, why=why), challenger)
    return _told(f"version {challenger.number} is the champion: {why}", _held(challenger), registry.next_step)


@my_turn()
def rollback(config: Config, because: str) -> str:
    """Make the version that was champion before the champion again.

    Raises RegistryError if there is none.
    """
    registry = configured(config.tracking)
    champions = registry.history().champions
    if len(champions) < 2:
        raise RegistryError("no version was champion before, so there is none to roll back to")
    before, champion = champions[-2:]
    decision = Decision(action="rollback", version=before.number, why=because or "no reason given")
    _decide(registry, decision, before)
    return _told(
        f"version {before.number} is the champion again, in place of version {champion.number}",
        _held(before),
        registry.next_step,
    )


@my_turn()
def champion(config: Config) -> str:
    """Fetch the champion's model to where a service can be told to take it from.

    Raises RegistryError if there is no champion, or its model is out of reach.
    """
    registry = configured(config.tracking)
    version = registry.history().champion
    if version is None:
        raise RegistryError("there is no champion yet: `uv run poe promote` makes the challenger one")
    with whole(paths.CHAMPION) as part:
        registry.fetch(version, part)
    return _told(f"version {version.number} is the champion", _held(version))


@my_turn()
def challenger(config: Config) -> str:
    """Fetch the challenger's model to where a service can be told to have it predict beside the champion.

    Raises RegistryError if there is no challenger, or its model is out of reach.
    """
    registry = configured(config.tracking)
    version = _candidate(registry.history(), None)
    with whole(paths.CHALLENGER) as part:
        registry.fetch(version, part)
    return _told(f"version {version.number} is the challenger", _held(version, paths.CHALLENGER))


def versions(config: Config) -> str:
    """Every version, newest first, and every decision, oldest first."""
    history = configured(config.tracking).history()
    if not history.versions:
        return "there is no version yet: `uv run poe register` makes the pipeline's model the first one"
    metric = config.task.metric
    rows = [("version", "alias", metric, "commit", "when", "who", "why")]
    for version in reversed(history.versions):
        value = figure(version.metrics[metric]) if metric in version.metrics else "-"
        rows.append(
            (
                str(version.number),
                _alias(version, history),
                value,
                version.commit[:7],
                *_signature(version),
            )
        )
    decisions = [_sentence(one) for one in history.decisions]
    return "\n".join(aligned(rows) + [""] * bool(decisions) + decisions)


def _candidate(history: History, number: int | None) -> Version:
    found = history.challenger if number is None else history.version(number)
    if found is None and number is None:
        raise RegistryError("there is no challenger: `uv run poe register` makes the pipeline's model one")
    if found is None:
        raise RegistryError(f"there is no version {number}: `uv run poe versions` lists those there are")
    if found == history.champion:
        raise RegistryError(f"version {number} is the champion already")
    return found


def _decide(registry: Registry, decision: Decision, version: Version) -> None:
    """Fetch the model first: what is out of reach is decided by nobody."""
    with whole(paths.CHAMPION) as part:
        registry.fetch(version, part)
        registry.record(decision, version)


def _held(version: Version, file: Path = paths.CHAMPION) -> str:
    held = f"{file} holds it"
    if version.features == features_hash():
        return held
    return f"{held}; the code of its features has changed since: serve it with that of commit {version.commit[:7]}"


def _alias(version: Version, history: History) -> str:
    if version == history.champion:
        return "champion"
    return "challenger" if version == history.challenger else ""


def _signature(entry: Signed) -> tuple[str, str, str]:
    name = entry.who.partition(" <")[0]
    return f"{entry.when.astimezone():%Y-%m-%d %H:%M}", name, entry.why


def _sentence(decision: Decision) -> str:
    when, who, why = _signature(decision)
    did = "promoted" if decision.action == "promote" else "rolled back to"
    return f"{when}  {who} {did} version {decision.version}: {why}"


def _told(*sentences: str) -> str:
    return "\n".join(sentence for sentence in sentences if sentence)
