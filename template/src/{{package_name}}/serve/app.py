"""The service: a model's predictions over HTTP.

    uvicorn --factory <package>.serve.app:create_app

What may be set stands in `settings`; the environment variable MODEL_PATH names the model, models/model.onnx if it is
not set.
"""

import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from ..errors import ConfigurationError, ProjectError
from . import about, explain, feedback, predict
from .champion import Place
from .guard import guard
from .guard.keys import Keys
from .metrics import Metrics
from .monitored import SECONDS, MonitoredGauges
from .openapi import with_bodies
from .own_body import ShortWay
from .repeated import repeated
from .resources import Resources
from .served import served_path
from .service import Service
from .settings import Settings, settings
from .shadow import Shadow
from .store.store import Store


def create_app() -> FastAPI:
    """Load the model and build the service around it.

    Raises SystemExit, which ends the server with one sentence, if a setting is wrong, there is no usable model,
           or a newer version made the store.
    """
    try:
        place = Place(served_path())
        chosen = settings()
        metrics = Metrics(place)
        keys = Keys(chosen.api_keys, chosen.api_keys_file)
        store = Store(chosen) if chosen.stores else None
        monitored = MonitoredGauges(chosen.store_url) if chosen.stores else None
        for collector in filter(None, (monitored, Resources(store))):
            metrics.show(collector)
        shadow = _shadow(chosen, place, store)
        service = Service(chosen, place, metrics, store, shadow)
    except (FileNotFoundError, ProjectError) as error:
        raise SystemExit(str(error)) from error

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as until_the_end:
            await until_the_end.enter_async_context(repeated(place.look, chosen.model_check_seconds))
            if store is not None:
                await until_the_end.enter_async_context(store.written())
            if shadow is not None:
                await until_the_end.enter_async_context(shadow.asked(chosen.model_check_seconds))
            if monitored is not None:
                await until_the_end.enter_async_context(repeated(monitored.look, SECONDS))
            # What is there now stays. Looking for garbage in it, Python would hold requests up for a tenth of a second.
            gc.freeze()
            yield
            gc.unfreeze()

    signature = service.champion.signature
    app = FastAPI(
        title=__name__.partition(".")[0],
        description=f"Predicts {signature.table.target.name}.",
        lifespan=running,
        # Routers that are included one by one would each be asked for every request.
        routes=[
            route for part in (predict, explain, feedback, about) for route in part.routes(service).routes
        ],
        redoc_url=None,
    )
    bodies = {"/predict": predict.body, "/explain": explain.body, "/feedback": feedback.body}
    app.openapi = with_bodies(app, service, bodies)  # type: ignore[method-assign]
    guard(app, service, keys)
    app.user_middleware.append(Middleware(ShortWay, routes=app.routes))
    return app


def _shadow(chosen: Settings, place: Place, store: Store | None) -> Shadow | None:
    """Make the shadow, if there is to be one; ConfigurationError if what it predicts would be kept nowhere."""
    if chosen.shadow_path is None:
        return None
    if store is None:
        raise ConfigurationError(
            "SHADOW_PATH is set and STORE_URL is none, so nobody would see what the challenger predicts: store it, or "
            "take SHADOW_PATH away"
        )
    return Shadow(chosen.shadow_path, place.champion, store)
