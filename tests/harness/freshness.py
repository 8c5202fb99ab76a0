"""How long the answers of the package index hold.

A mirror that does not say it is asked again for each environment, and what comes as source, such as Spark, is
fetched and built each time: half a minute and 2 GB.
"""

import re
import subprocess
from pathlib import Path

SETTINGS = """\
[[index]]
url = "{url}"
default = true
cache-control = {{ api = "max-age=600", files = "max-age=31536000, immutable" }}
"""


def declare(settings: Path) -> None:
    """Write settings for uv by which an answer of the index holds ten minutes, and a file for good.

    The index is the one that uv would take anyway, whoever told it so.
    """
    command = ["uv", "pip", "compile", "--quiet", "--no-deps", "--emit-index-url", "-"]
    told = subprocess.run(command, input="pip", capture_output=True, text=True, check=True).stdout
    if url := re.search(r"^--index-url (\S+)$", told, re.MULTILINE):
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(SETTINGS.format(url=url[1]), encoding="utf-8")
