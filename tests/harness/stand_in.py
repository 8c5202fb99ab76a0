"""Images of Prometheus and Alertmanager, made of Debian's programs: those of others may be out of reach."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness import machine
from harness.command import run
from harness.prometheus import programs

SERVICES = {
    "prometheus": (["prometheus", "promtool"], "/prometheus"),
    "alertmanager": (["prometheus-alertmanager", "amtool"], "/alertmanager"),
}
"""By service: the programs of Debian that its image would have, and the folder that it writes to."""
BY_ITSELF = {"prometheus": ["--enable-feature=expand-external-labels"]}
"""What the public image's version does by itself, and that of Debian if it is told to."""
TEMPLATES = Path("/usr/share/prometheus/alertmanager")
"""Where Debian's Alertmanager reads how a message looks; the public image has that in the program."""


@contextmanager
def images(names: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Make an image for each service, under the name that is given, until the block ends."""
    try:
        for service, image in names.items():
            _make(service, image, folder / service)
        yield
    finally:
        for image in names.values():
            run(f"docker image rm --force {image}", machine.ROOT, check=False)


def _make(service: str, image: str, context: Path) -> None:
    names, written = SERVICES[service]
    shutil.copytree(TEMPLATES, context / "templates")
    (context / "programs").mkdir()
    for name in names:
        shutil.copy(programs()[name], context / "programs" / name.removeprefix("prometheus-"))
    (context / "Dockerfile").write_text(
        "FROM python:3.11-slim\n"
        f"RUN install --directory --owner=65534 --group=65534 {written}\n"
        f"VOLUME {written}\n"
        "COPY --chmod=0755 programs /bin/\n"
        f"COPY templates {TEMPLATES}\n"
        f"ENTRYPOINT {json.dumps([f'/bin/{service}', *BY_ITSELF.get(service, [])])}\n",
        encoding="utf-8",
    )
    run(f"docker build --quiet --network host --tag {image} .", context)
