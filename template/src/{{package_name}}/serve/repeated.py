"""Work that comes back as long as the service runs, beside its requests."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def repeated(step: Callable[[], None], seconds: float) -> AsyncIterator[None]:
    """Take a step now and then, in a thread of its own; one that fails is told and tried again."""

    async def repeat() -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await asyncio.to_thread(step)
            except Exception:
                _log.exception("%s failed", step.__qualname__)

    repeating = asyncio.create_task(repeat())
    try:
        yield
    finally:
        repeating.cancel()
