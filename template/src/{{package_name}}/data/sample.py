"""A file with some rows, in place of the database: for tests, and for work where it cannot be reached."""

from typing import Any

from ..config import DataConfig
from .table_file import TableFile


class Sample(TableFile):
    """The source that stands in for another one, whose settings it therefore takes and ignores."""

    def __init__(self, data: DataConfig, **_settings_of_the_other: Any) -> None:
        super().__init__(data)
