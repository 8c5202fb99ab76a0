"""A cluster of one container engine, in place of kubectl: what a deployment asks of it, and nothing else.

No API server can be had here. Kustomize and the settings of the connection are those of the real kubectl, whose
path is in KUBECTL. The containers of a Deployment or a Job really run, with their user, rights, settings and volumes;
the Deployment keeps its revisions, and its Service leads to the last container that was ready. CLUSTER names the
folder that remembers it all; what lies in its folder `secrets` are the Secrets.
"""

import base64
import json
import os
import selectors
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

PLACE = Path(os.environ["CLUSTER"])
STATE = PLACE / "state.json"
PATIENCE = 30  # seconds until a container must be ready


def main(arguments: list[str]) -> None:
    """Do what kubectl was asked."""
    words = [word for word in arguments if not word.startswith("--")]
    if arguments[0] == "-n":
        arguments, words = arguments[2:], words[2:]
    if arguments[0] == "--namespace":
        arguments, words = arguments[2:], words[1:]
    match words:
        case ["kustomize" | "config", *_]:
            os.execv(os.environ["KUBECTL"], ["kubectl", *arguments])
        case ["apply", folder] if "--kustomize" in arguments:
            apply(yaml.safe_load_all(real("kustomize", folder)))
        case ["apply", "-"]:
            run_job(json.load(sys.stdin))
        case ["get", kind, name, path]:
            print(look_up(kind, name, path), end="")
        case ["rollout", "status", _, _]:
            wait_until_ready()
        case ["rollout", "undo", _, revision]:
            undo(revision)
        case ["port-forward", _, ports]:
            forward(int(ports.partition(":")[0]))
        case ["create", "job", name, _, _]:
            print(json.dumps(job(name)))
        case ["wait", *_]:
            if load()["job"] != "complete":
                sys.exit("error: timed out waiting for the condition")
        case ["set", "image", _, setting]:
            remembered = load()
            pod(remembered)["containers"][0]["image"] = setting.partition("=")[2]
            save(remembered)
        case ["logs", *_]:
            print("(what the containers said)")
        case ["describe", "pods", *_]:
            print("(how the pods are)")
        case ["exec", _, *command]:
            print(engine("exec", load()["ready"], *command))
        case _:
            sys.exit(f"this cluster does not know `kubectl {' '.join(arguments)}`")


def load() -> dict[str, Any]:
    """Return what the cluster remembers."""
    return json.loads(STATE.read_text()) if STATE.exists() else {"revisions": {}, "objects": {}}


def save(remembered: dict[str, Any]) -> None:
    """Remember it."""
    STATE.write_text(json.dumps(remembered))


def apply(manifests: Any) -> None:
    """Take the manifests; another pod of the Deployment is another revision, whose container is started."""
    remembered = load()
    for one in manifests:
        remembered["objects"][one["kind"]] = one
    if "Deployment" in remembered["objects"]:
        start(remembered, pod(remembered))
    save(remembered)


def pod(remembered: dict[str, Any]) -> dict[str, Any]:
    """Return the pod of the workload."""
    objects = remembered["objects"]
    spec = objects["Deployment"]["spec"] if "Deployment" in objects else objects["CronJob"]["spec"]
    found: dict[str, Any] = spec.get("jobTemplate", {"spec": spec})["spec"]["template"]["spec"]
    return found


def start(remembered: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Start a container for a revision, unless the last one is the same."""
    revisions = remembered["revisions"]
    if revisions and revisions[max(revisions, key=int)] == wanted:
        return
    revisions[str(len(revisions) + 1)] = wanted
    [container] = wanted["containers"]
    named = {one["name"]: one for one in wanted["volumes"]}
    mounts = []
    for mount in container["volumeMounts"]:
        volume, at = named[mount["name"]], mount["mountPath"]
        if (held := PLACE / "secrets" / volume["secret"]["secretName"]).exists():
            mounts += ["--volume", f"{held}:{at}:ro"]
    plain = [f"--env={one['name']}={one['value']}" for one in container["env"] if "value" in one]
    remembered["next"] = engine(
        *("run", "--detach", "--publish=127.0.0.1::8000", "--label=slipway-test-cluster"),
        *(*limits(wanted, remembered), *mounts, *plain, container["image"]),
    )


def limits(wanted: dict[str, Any], remembered: dict[str, Any]) -> list[str]:
    """Return what the engine has to be told of user, rights and settings."""
    user, settings = wanted["securityContext"], remembered["objects"]["ConfigMap"]["data"]
    return [
        *("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
        f"--user={user['runAsUser']}:{user['runAsGroup']}",
        *(f"--env={name}={value}" for name, value in settings.items()),
    ]


def wait_until_ready() -> None:
    """Let the newest container take over as soon as it is ready; the one before it stays if that never comes."""
    remembered = load()
    if not (new := remembered.get("next")):
        return
    deadline = time.monotonic() + PATIENCE
    while not is_ready(new):
        if (
            time.monotonic() > deadline
            or engine("inspect", "--format={{.State.Running}}", new) == "false"
        ):
            sys.exit("error: deployment exceeded its progress deadline")
        time.sleep(0.3)
    if old := remembered.get("ready"):
        engine("rm", "--force", "--volumes", old)
    save({**remembered, "ready": new, "next": None})


def undo(revision: str) -> None:
    """Go back to a revision."""
    remembered = load()
    wanted = remembered["revisions"][revision]
    if failed := remembered.get("next"):
        engine("rm", "--force", "--volumes", failed)
        remembered["next"] = None
    if failed and remembered.get("ready"):
        # The container of the revision before never went.
        remembered["revisions"][str(len(remembered["revisions"]) + 1)] = wanted
    else:
        start(remembered, wanted)
    save(remembered)


def forward(port: int) -> None:
    """Lead every connection to a port here to the container that is ready, until the process ends."""
    target = address(load()["ready"])
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            client, _ = server.accept()
            Thread(
                target=join, args=(client, socket.create_connection(target)), daemon=True
            ).start()


def join(one: socket.socket, other: socket.socket) -> None:
    """Hand on what either says to the other, until one of them hangs up."""
    with one, other, selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for ready, _ in selector.select():
                said = ready.fileobj.recv(65536)  # type: ignore[union-attr]
                if not said:
                    return
                ready.data.sendall(said)


def look_up(kind: str, name: str, path: str) -> str:
    """Return what is asked about: the revision of the Deployment, the image of the CronJob, or a Secret."""
    remembered = load()
    if kind == "secret":
        key = path.removeprefix("jsonpath={.data.").removesuffix("}")
        return base64.b64encode((PLACE / "secrets" / name / key).read_bytes()).decode()
    if kind == "deployment":
        assert path == r"jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}"
        return max(remembered["revisions"], key=int, default="")
    assert path == "jsonpath={.spec.jobTemplate.spec.template.spec.containers[0].image}"
    return pod(remembered)["containers"][0]["image"] if remembered["objects"] else ""


def job(name: str) -> dict[str, Any]:
    """Return a Job such as the CronJob starts."""
    template = load()["objects"]["CronJob"]["spec"]["jobTemplate"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": template["spec"],
    }


def run_job(wanted: dict[str, Any]) -> None:
    """Run the containers of a Job, one after another, with their empty folders between them."""
    remembered, spec = load(), wanted["spec"]["template"]["spec"]
    folders = {
        one["name"]: PLACE / f"volumes/{wanted['metadata']['name']}" for one in spec["volumes"]
    }
    for folder in folders.values():
        folder.mkdir(parents=True)
        folder.chmod(0o777)
    remembered["job"] = "complete"
    for container in [*spec["initContainers"], *spec["containers"]]:
        mounts = [
            f"--volume={folders[m['name']]}:{m['mountPath']}" for m in container["volumeMounts"]
        ]
        ran = subprocess.run(
            [
                "docker",
                "run",
                "--rm",
                *limits(spec, remembered),
                *mounts,
                container["image"],
                *container["args"],
            ],
            check=False,
        )
        if ran.returncode:
            remembered["job"] = "failed"
            break
    save(remembered)


def is_ready(container: str) -> bool:
    """Ask as the readiness probe does."""
    host, port = address(container)
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/health/ready", timeout=3) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def address(container: str) -> tuple[str, int]:
    """Return where a container is reached; where it has ended, an address at which nothing is."""
    published = engine("port", container, "8000", check=False) or "127.0.0.1:9"
    host, _, port = published.splitlines()[0].rpartition(":")
    return host, int(port)


def engine(*arguments: str, check: bool = True) -> str:
    """Ask the container engine."""
    asked = subprocess.run(["docker", *arguments], stdout=subprocess.PIPE, text=True, check=check)
    return asked.stdout.strip()


def real(*arguments: str) -> str:
    """Ask the real kubectl."""
    return subprocess.run(
        [os.environ["KUBECTL"], *arguments], stdout=subprocess.PIPE, text=True, check=True
    ).stdout


if __name__ == "__main__":
    main(sys.argv[1:])
