"""Three users on a JupyterHub with nbgitpuller: the recipe of TEACHING.md, tried.

    python -m tools.ways.hub --python VENV/bin/python --proxy …/configurable-http-proxy

VENV is what the recipe says to install: prunelab[lab], jupyterhub, nbgitpuller. It is skipped, with
the reason, where they are missing. A teacher's repository holds a copy made by `prunelab course
--for-class`; each user follows the link, runs cells in a kernel of their own, and has a progress of
their own. Then the teacher pushes a change, and a user who has worked follows the link again.
"""

import json
import shutil
import subprocess
import sys
import time
import uuid
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from tools.ways.trial import FAILURES, MissingError, free_port, run_trial

USERS = ("ada", "eve", "joe")
PROXY = {"default": "configurable-http-proxy", "help": "the hub's, of npm"}
NAME = "pruning-class"  # of the folder that each user gets
TOKEN = "a-token-of-this-test"
CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub}
c.ConfigurableHTTPProxy.command = {proxy!r}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {{"MALLOC_ARENA_MAX": "1"}}
c.JupyterHub.services = [{{"name": "test", "api_token": {token!r}, "admin": True}}]
c.JupyterHub.load_roles = [
    {{"name": "tester", "scopes": ["admin:users", "admin:servers", "access:servers"],
      "services": ["test"]}}
]
"""
WORK = """
from prunelab import course
from prunelab.exercises.schedule_the_sparsity import q1
print("works in", course.folder().name)
q1.check(0.65)
q1.solution()
"""


def _try(place, args):
    python, proxy = args.python, shutil.which(args.proxy)
    wanted = "import jupyterhub, nbgitpuller, prunelab, jupyterlab"
    found = subprocess.run([python, "-c", wanted], capture_output=True, text=True, cwd="/")
    if found.returncode or proxy is None:
        last = (found.stderr.strip().splitlines() or [f"there is no {args.proxy}"])[-1]
        raise MissingError(f"{last}; it needs jupyterhub, nbgitpuller and configurable-http-proxy")
    upstream = _repository(place, python)
    ports = [free_port() for _ in range(3)]
    config = CONFIG.format(
        port=ports[0], hub=ports[1], api=ports[2], proxy=[proxy], python=python, token=TOKEN,
        homes=str(place / "homes"),
    )  # fmt: skip
    (place / "config.py").write_text(config, encoding="utf-8")
    (place / "homes").mkdir()
    with open(place / "hub.log", "wb") as log:
        hub = subprocess.Popen(
            [python, "-m", "jupyterhub", "-f", place / "config.py"], cwd=place, stdout=log,
            stderr=log,
        )  # fmt: skip
        try:
            _use(place, f"http://127.0.0.1:{ports[0]}", upstream)
        except FAILURES:
            print(*(place / "hub.log").read_text("utf-8").splitlines()[-20:], sep="\n")
            raise
        finally:
            hub.terminate()
            hub.wait(60)


def _use(place, address, upstream):
    _wait_for(f"{address}/hub/api/")
    for user in USERS:
        began = time.monotonic()
        _ask(f"{address}/hub/api/users/{user}", "POST")
        _ask(f"{address}/hub/api/users/{user}/server", "POST")
        _wait_for(f"{address}/user/{user}/api/status")
        _pull(address, user, upstream)
        seconds = time.monotonic() - began
        at = f"{address}/user/{user}/api/contents/{NAME}/00_start_here.ipynb?content=0"
        assert _ask(at)["type"] == "notebook"
        said = _run(address, user, WORK)
        assert f"works in {NAME}" in said, said
        assert "q1: ✔ Right." in said, said
        assert "your teacher has the solutions" in said, said
        print(f"{user}: from the link to the notebook {seconds:.0f} s; answered, and recorded")
    for user in USERS:
        book = place / "homes" / user / NAME / "progress" / "progress.json"
        assert "schedule_the_sparsity.q1" in json.loads(book.read_text("utf-8"))["answers"]
    own = place / "homes" / USERS[0] / NAME / "00_start_here.ipynb"
    cells = json.loads(own.read_text("utf-8"))
    note = {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": ["a note of Ada's"]}
    cells["cells"].append(note)
    own.write_text(json.dumps(cells, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _push(place, "TIMETABLE.md", "Monday\n")
    _pull(address, USERS[0], upstream)
    assert (own.parent / "TIMETABLE.md").exists()
    assert "a note of Ada's" in own.read_text("utf-8")
    print("a change of the teacher's came in, and what Ada had written stayed")


def _repository(place, python):
    """A bare repository with a copy for a class, as a teacher makes it."""
    teacher = place / NAME
    subprocess.run(
        [python, "-m", "prunelab", "course", "--for-class", teacher], cwd=place, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    for words in (["init", "-q", "-b", "main"], ["config", "user.email", "teacher@example.org"],
                  ["config", "user.name", "Teacher"], ["add", "-A"],
                  ["commit", "-q", "-m", "the course"]):  # fmt: skip
        subprocess.run(["git", *words], cwd=teacher, check=True)
    bare = place / "upstream.git"
    subprocess.run(["git", "clone", "-q", "--bare", teacher, bare], check=True)
    subprocess.run(["git", "remote", "add", "origin", bare], cwd=teacher, check=True)
    return bare


def _push(place, name, text):
    teacher = place / NAME
    (teacher / name).write_text(text, encoding="utf-8")
    for words in (["add", "-A"], ["commit", "-q", "-m", name], ["push", "-q", "origin", "main"]):
        subprocess.run(["git", *words], cwd=teacher, check=True)


def _pull(address, user, upstream):
    """Follow the link: nbgitpuller answers with a stream of events, the last says how it went."""
    query = f"repo={quote(upstream.as_uri(), safe='')}&branch=main&targetpath={NAME}"
    request = _request(f"{address}/user/{user}/git-pull/api?{query}")
    with urlopen(request, timeout=120) as answer:
        events = [line[5:] for line in answer.read().decode().splitlines() if line[:5] == "data:"]
    assert json.loads(events[-1])["phase"] == "finished", events[-3:]


def _run(address, user, code):
    """What a cell prints in a new kernel that stands beside the notebooks."""
    import websocket

    body = {"kernel": {"name": "python3"}, "name": "", "type": "notebook"}
    body["path"] = f"{NAME}/04_schedule_the_sparsity.ipynb"
    kernel = _ask(f"{address}/user/{user}/api/sessions", "POST", body)["kernel"]["id"]
    at = f"ws{address[4:]}/user/{user}/api/kernels/{kernel}/channels"
    wire = websocket.create_connection(
        at, header=[f"Authorization: token {TOKEN}"], timeout=120, suppress_origin=True
    )
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": user}
    header |= {"session": uuid.uuid4().hex, "version": "5.3"}
    content = {"code": code, "silent": False}
    wire.send(
        json.dumps({"header": header, "parent_header": {}, "metadata": {}, "channel": "shell",
                    "content": content})
    )  # fmt: skip
    said = ""
    while True:
        message = json.loads(wire.recv())
        if message["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        said += message["content"].get("text", "") if message["msg_type"] == "stream" else ""
        said += message["content"].get("evalue", "")
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            wire.close()
            return said


def _request(address, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    return Request(address, data, {"Authorization": f"token {TOKEN}"}, method=method)


def _ask(address, method="GET", body=None):
    with urlopen(_request(address, method, body), timeout=120) as answer:
        return json.loads(answer.read() or b"null")


def _wait_for(address, seconds=120):
    until = time.monotonic() + seconds
    while True:
        try:
            return _ask(address)
        except (HTTPError, URLError, ValueError, ConnectionError) as error:
            if time.monotonic() > until:
                raise AssertionError(f"{address} did not answer: {error}") from None
            time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(run_trial(_try, __doc__, options={"--proxy": PROXY}))
