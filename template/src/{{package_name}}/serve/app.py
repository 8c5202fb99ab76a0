"""The service: a model's predictions over HTTP.

    uvicorn --factory <package>.serve.app:create_app

What may be set stands in `settings`; the environment variable MODEL_PATH names the model, models/model.onnx if it is
not set.
"""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from fastapi import FastAPI

from ..errors import ProjectError
from . import about, explain, feedback, predict
from .champion import Place
from .guard import guard
from .guard.keys import Keys
from .metrics import Metrics
from .openapi import with_bodies
from .served import served_path
from .service import Service
from .settings import settings
from .store.store import Store


def create_app() -> FastAPI:
    """Load the model and build the service around it.

    Raises SystemExit, which ends the server with one sentence, if a setting is wrong, there is no usable model,
           or a newer version made the store.
    """
    try:
        place = Place(served_path())
        chosen, metrics = settings(), Metrics(place)
        keys = Keys(chosen.api_keys, chosen.api_keys_file)
        store = Store(chosen, metrics.not_stored) if chosen.stores else None
        service = Service(chosen, place, metrics, store)
    except (FileNotFoundError, ProjectError) as error:
        raise SystemExit(str(error)) from error

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        async with place.watched(chosen.model_check_seconds), store.written() if store else nullcontext():
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
    return app
