"""What may be set of the service, each by an environment variable of the same name in capitals."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import ConfigurationError

MOST_DAYS = 36_500
"""A hundred years: the calendar of Python does not reach back for ever."""


class Settings(BaseModel):
    """The settings of one service; docs/options/serving-api.md says what each is for."""

    model_config = ConfigDict(frozen=True)

    shadow_path: Path | None = None
    model_check_seconds: Annotated[float, Field(gt=0)] = 2.0
    store_url: str = "sqlite:///data/served/predictions.db"
    store_seconds: Annotated[float, Field(gt=0, le=3600)] = 0.1
    store_rows: Annotated[int, Field(ge=1000)] = 50_000
    store_days: Annotated[float, Field(ge=0, le=MOST_DAYS)] = 0
    api_keys: str = ""
    api_keys_file: Path | None = None
    rate_limit: Annotated[int, Field(ge=0)] = 0
    largest_request: Annotated[int, Field(gt=0)] = 5_000_000
    largest_together: Annotated[int, Field(gt=0)] = 50_000_000
    longest_request_seconds: Annotated[float, Field(gt=0, le=3600)] = 10.0
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_client: bool = False

    @property
    def stores(self) -> bool:
        """Whether predictions are stored at all."""
        return self.store_url != "none"


def settings() -> Settings:
    """Read the settings from the environment; a variable that is empty counts as not set.

    Raises ConfigurationError, which names the variable, if a value is of the wrong kind.
    """
    given = {name: value for name in Settings.model_fields if (value := os.environ.get(name.upper()))}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        name = str(found["loc"][0]).upper()
        raise ConfigurationError(f"{name}={found['input']}: {found['msg']}") from error
