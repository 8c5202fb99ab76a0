"""What every route of the service works with."""

from dataclasses import dataclass

from .champion import Champion, Place
from .metrics import Metrics
from .settings import Settings
from .shadow import Shadow
from .store.store import Store


@dataclass(frozen=True)
class Service:
    """One running service."""

    settings: Settings
    place: Place
    metrics: Metrics
    store: Store | None
    """None if STORE_URL says so."""
    shadow: Shadow | None = None
    """None unless SHADOW_PATH names one."""

    @property
    def champion(self) -> Champion:
        """The model of this moment: ask once per request, for it may change between two lines."""
        return self.place.champion
