"""What the configuration names by `_target_`, made; each mistake in it told in one sentence."""

from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from pydantic import ValidationError

from .config import Component
from .errors import ConfigurationError


def made(component: Component, wrong: str, where: str, *arguments: Any, **options: Any) -> Any:
    """Make what the component names, with arguments beside its own.

    wrong  what is said of a component that cannot be made, such as "data.source is no source of rows"
    where  the file or folder to mend it in

    Raises ConfigurationError if there is no such thing, or it does not know one of its settings.
    """
    try:
        return instantiate(component, *arguments, **options)
    except InstantiationException as error:
        raise ConfigurationError(f"{wrong} ({_cause(error)}): mend it in {where}") from error


def _cause(error: InstantiationException) -> str:
    if isinstance(error.__cause__, ValidationError):
        return "; ".join(f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in error.__cause__.errors())
    return " ".join(str(error.__cause__ or error).split())
