"""A cluster of one container engine, in place of kubectl: what a deployment asks of it, and nothing else.

No API server can be had here. Each command goes to the real kubectl first, whose path is in KUBECTL, and which has to
understand it as far as it comes without a server. Kustomize and the settings of the connection are its own. The
containers of a Deployment or a Job really run, with their user, rights, settings and volumes; the Deployment keeps its
revisions, and its Service leads to the last container that was ready. CLUSTER names the folder that remembers it all;
what lies in its folder `secrets` are the Secrets.
"""

import base64
import json
import os
import re
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
NOWHERE = "127.0.0.1:9"
"""A server that is not there."""


def main(arguments: list[str]) -> None:
    """Do what kubectl was asked."""
    if needs_no_server(arguments):
        os.execv(os.environ["KUBECTL"], ["kubectl", *arguments])
    given = sys.stdin.read() if arguments[-1] == "-" else ""
    understand(arguments, given)
    if arguments[0] in ("-n", "--namespace"):
        arguments = arguments[2:]
    if arguments[0] == "exec":
        print(engine("exec", load()["ready"], *arguments[arguments.index("--") + 1 :]))
        return
    match [word for word in arguments if word == "-" or not word.startswith("-")]:
        case ["apply", folder] if {"-k", "--kustomize"} & set(arguments):
            apply(yaml.safe_load_all(real("kustomize", folder)))
        case ["diff", folder]:
            assert "Namespace" in load()["objects"], "error: namespaces not found"
            real("kustomize", folder)
        case ["apply", "-"]:
            apply(yaml.safe_load_all(given))
        case ["apply", file]:
            apply(yaml.safe_load_all(Path(file).read_text(encoding="utf-8")))
        case ["get", kind, name, form]:
            print(look_up(kind, name, form), end="")
        case ["rollout", "status", *_]:
            wait_until_ready()
        case ["rollout", "undo", _, *revision]:
            undo(*revision)
        case ["port-forward", _, ports]:
            forward(int(ports.partition(":")[0]))
        case ["create", "job", name, *_] if "--dry-run=client" in arguments:
            print(json.dumps(job(name)))
        case ["create", "job", name]:
            apply([job(name)])
        case ["wait", *_]:
            if load()["job"] != "complete":
                sys.exit("error: timed out waiting for the condition")
        case ["set", "image", _, setting]:
            remembered = load()
            pod(remembered)["containers"][0]["image"] = setting.partition("=")[2]
            save(remembered)
        case ["patch", "cronjob", _, "json", patch]:
            [change] = json.loads(patch)
            assert (change["op"], change["path"]) == ("replace", "/spec")
            remembered = load()
            remembered["objects"]["CronJob"]["spec"] = change["value"]
            save(remembered)
        case ["logs", *_]:
            print("(what the containers said)")
        case ["describe", "pods", *_]:
            print("(how the pods are)")
        case _:
            sys.exit(f"this cluster does not know `kubectl {' '.join(arguments)}`")


def needs_no_server(arguments: list[str]) -> bool:
    """Say whether the real kubectl does that by itself."""
    written = "secret" in arguments and "--dry-run=client" in arguments
    return written or arguments[0] in ("kustomize", "config")


def understand(arguments: list[str], given: str) -> None:
    """Have the real kubectl read a command, until it finds that no server answers it."""
    read = subprocess.run(
        [os.environ["KUBECTL"], f"--server=http://{NOWHERE}", *arguments],
        env={**os.environ, "KUBECONFIG": os.devnull},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    if NOWHERE not in read.stderr:
        sys.exit(f"kubectl does not understand {arguments}: {read.stdout}{read.stderr}")


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
        if one["kind"] == "Secret":
            keep_secret(one)
        elif one["kind"] == "Job":
            run_job(one, remembered)
        else:
            remembered["objects"][one["kind"]] = one
    if "Deployment" in remembered["objects"]:
        start(remembered, pod(remembered))
    save(remembered)


def keep_secret(secret: dict[str, Any]) -> None:
    """Write each key of a Secret into a file, as a volume of it has them."""
    folder = PLACE / "secrets" / secret["metadata"]["name"]
    folder.mkdir(parents=True, exist_ok=True)
    for key, value in secret["data"].items():
        (folder / key).write_bytes(base64.b64decode(value))


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
        *("run", "--detach", "--publish=127.0.0.1::8000", f"--label=slipway-test-cluster={PLACE}"),
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


def undo(revision: str = "") -> None:
    """Go back to a revision, or to the one before the last."""
    remembered = load()
    wanted = remembered["revisions"][revision or str(len(remembered["revisions"]) - 1)]
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


def look_up(kind: str, name: str, form: str) -> str:
    """Return what is asked about: the revision of the Deployment, the CronJob, or a Secret."""
    remembered = load()
    if kind == "secret":
        key = form.removeprefix("jsonpath={.data.").removesuffix("}")
        return base64.b64encode((PLACE / "secrets" / name / key).read_bytes()).decode()
    if kind == "deployment":
        assert form == r"jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}"
        return max(remembered["revisions"], key=int, default="")
    assert (kind, form) == ("cronjob", "json")
    found = remembered["objects"].get("CronJob")
    return json.dumps(found) if found else ""


def job(name: str) -> dict[str, Any]:
    """Return a Job such as the CronJob starts."""
    template = load()["objects"]["CronJob"]["spec"]["jobTemplate"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": template["spec"],
    }


def run_job(wanted: dict[str, Any], remembered: dict[str, Any]) -> None:
    """Run the containers of a Job, one after another, with their folders between them.

    A folder of its own is that of the Job; that of a claim is the same for all.
    """
    spec, settings = wanted["spec"]["template"]["spec"], remembered["objects"]["ConfigMap"]["data"]
    folders = {}
    for one in spec["volumes"]:
        claim = one.get("persistentVolumeClaim", {}).get("claimName", wanted["metadata"]["name"])
        folders[one["name"]] = PLACE / "volumes" / claim
        folders[one["name"]].mkdir(parents=True, exist_ok=True)
        folders[one["name"]].chmod(0o777)
    remembered["job"] = "complete"
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        mounts = [
            f"--volume={folders[m['name']]}:{m['mountPath']}" for m in container["volumeMounts"]
        ]
        told = [
            re.sub(r"\$\((\w+)\)", lambda of: settings[of[1]], one) for one in container["args"]
        ]
        asked = [*limits(spec, remembered), *mounts, container["image"], *told]
        if subprocess.run(["docker", "run", "--rm", *asked], check=False).returncode:
            remembered["job"] = "failed"
            break


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
