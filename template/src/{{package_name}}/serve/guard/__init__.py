"""What stands before the service: who may ask, how often, how much and how long, and what is written down of it."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from ..metrics import Measured
from ..service import Service
from .access import Access
from .description import with_refusals
from .headers import Headers
from .json_log import configure
from .keys import Keys
from .limits import Limits
from .rate import Rate
from .refusals import Refusals
from .request_log import RequestLog


def guard(app: FastAPI, service: Service, keys: Keys) -> None:
    """Put the guard before the application, and have the process log as the settings say."""
    settings = service.settings
    configure(settings.log_level)
    keys.report()

    # Outermost first: what refuses stands within what logs, counts and adds headers.
    app.user_middleware += [
        Middleware(RequestLog, with_client=settings.log_client),
        Middleware(Measured, metrics=service.metrics),
        Middleware(Headers),
        Middleware(Refusals),
        Middleware(Access, keys=keys),
        Middleware(Rate, per_minute=settings.rate_limit),
        Middleware(
            Limits,
            largest=settings.largest_request,
            together=settings.largest_together,
            seconds=settings.longest_request_seconds,
        ),
    ]
    app.openapi = with_refusals(app.openapi, keys)  # type: ignore[method-assign]
