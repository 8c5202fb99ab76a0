"""A limit to how long a server may keep us waiting for its first answer."""

from collections.abc import Callable
from threading import Thread
from typing import Any

SECONDS = 20.0


def in_time(ask: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """Give what `ask` returns, or raise what it raises.

    Client libraries wait and try again for minutes, each in a way of its own. The one that is still waiting
    is left to its thread, which ends with the process.

    Raises TimeoutError if it takes longer.
    """
    results, errors = list[Any](), list[Exception]()

    def asked() -> None:
        try:
            results.append(ask())
        except Exception as error:  # whatever it is: the caller gets it
            errors.append(error)

    waiting = Thread(target=asked, daemon=True)
    waiting.start()
    waiting.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer within {seconds:g} seconds")
    return results[0]
