"""Errors that a person can act on: each message says what was found, what was expected, what to do."""


def first_line(error: BaseException) -> str:
    """What an error of a library says, in one line; its kind if it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def counted(count: int, noun: str) -> str:
    """So many things, such as 1 row or 2,000 rows."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


class ProjectError(Exception):
    """Base of the errors below; the command line prints its message without a traceback."""


class ConfigurationError(ProjectError):
    """A setting in conf/ is unknown, missing or of the wrong type."""


class DataError(ProjectError):
    """The source cannot be read, or cannot be learned from."""


class SchemaError(ProjectError):
    """Rows break a rule of conf/schema.yaml, or the schema and the data name different columns."""


class ModelError(ProjectError):
    """A file is not a model of this project."""


class DisagreementError(ProjectError):
    """The exported model predicts something else than the fitted one."""


class ObjectiveMissedError(ProjectError):
    """The model misses at least one objective of conf/objectives.yaml."""


class StoreError(ProjectError):
    """The store of predictions was made by a newer version of the project."""


class StoreLostError(StoreError):
    """The store of predictions cannot be used now; it may be well another time."""


class BackupError(ProjectError):
    """A copy cannot be made, is not whole, or its place is taken."""


class RegistryError(ProjectError):
    """A version of the model cannot be registered, promoted, rolled back to or fetched."""


class RefusedError(RegistryError):
    """A challenger is not good enough to be promoted, unless somebody answers for it."""
