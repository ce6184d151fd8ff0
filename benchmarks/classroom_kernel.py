"""A browser's side of a kernel: a session asked for over REST, messages over one websocket.

The messages go through the websocket protocol that JupyterLab itself speaks with its server
(v1.kernel.websocket.jupyter.org). What arrives is sorted by the request it answers; the states of
the widgets that the kernel opens are kept, as a widget manager does.
"""

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field

from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

PROTOCOL = "v1.kernel.websocket.jupyter.org"
LARGEST = 2**28  # bytes of one message; a chapter's largest is some hundred kilobytes
VIEW = "application/vnd.jupyter.widget-view+json"


class ClassroomError(Exception):
    """A request that a reader's browser would have shown as failed."""


@dataclass
class Answer:
    """What came back for one request: the reply, what was shown, when, and how long it took."""

    has_reply: bool = True  # a widget's message has none: it is dealt with once the kernel is idle
    asked: float = field(default_factory=time.monotonic)
    reply: dict | None = None
    idle: bool = False
    outputs: list = field(default_factory=list)  # (message type, content)
    states: dict = field(default_factory=dict)  # widget id: the state sent back
    first_view: float | None = None  # seconds until a widget was on show
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    seconds: float | None = None

    def views(self):
        """Ids of the widgets shown."""
        shown = [c.get("data", {}).get(VIEW) for _, c in self.outputs]
        return [view["model_id"] for view in shown if view]

    def error(self):
        """The error that a reader sees, in one line; None where there is none."""
        for kind, content in self.outputs:
            if kind == "error":
                return f"{content['ename']}: {content['evalue']}"[:300]
        status = (self.reply or {}).get("status", "no reply")
        return None if status == "ok" else f"the kernel's reply is {status!r}"


class Server:
    """A Jupyter server's REST interface, with the token it was started with."""

    def __init__(self, address, token):
        self.address, self.token = address, token
        self.headers = {"Authorization": f"token {token}"}

    async def ask(self, method, path, values=None, timeout=120):
        """The JSON that the server answers; ClassroomError where it does not."""
        body = None if values is None else json.dumps(values)
        request = HTTPRequest(
            f"{self.address}/api/{path}",
            method=method,
            headers=self.headers | {"Content-Type": "application/json"},
            body=body,
            request_timeout=timeout,
            connect_timeout=timeout,
        )
        try:
            answer = await AsyncHTTPClient().fetch(request)
        except Exception as error:
            raise ClassroomError(f"{method} {path.split('?')[0]}: {error}") from error
        return json.loads(answer.body) if answer.body else None


class Kernel:
    """One reader's kernel: `open` it for a notebook, `execute` cells, `set` a widget's trait."""

    def __init__(self, server):
        self.server, self.session = server, uuid.uuid4().hex
        self.id = self.rest = self.socket = self.reader = None
        self.widgets, self.waiting = {}, {}
        self.lost = "the connection was lost"

    async def open(self, path, timeout=120):
        """Start a kernel for the notebook at `path`, connect, and wait until it answers."""
        wanted = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        self.rest = await self.server.ask("POST", "sessions", wanted, timeout)
        self.id = self.rest["kernel"]["id"]
        url = f"{self.server.address.replace('http', 'ws', 1)}/api/kernels/{self.id}/channels"
        request = HTTPRequest(
            f"{url}?session_id={self.session}", headers=self.server.headers, connect_timeout=timeout
        )
        self.socket = await websocket_connect(
            request, subprotocols=[PROTOCOL], max_message_size=LARGEST
        )
        self.reader = asyncio.create_task(self._read())
        await self.request("kernel_info_request", {}, timeout)
        await self.request("comm_info_request", {"target_name": "jupyter.widget"}, timeout)

    async def execute(self, code, timeout=600):
        """The Answer to a cell's code."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": True,
        }
        return await self.request("execute_request", content, timeout)

    async def set(self, widget, values, timeout=120):
        """Set traits of a widget as a browser does; seconds until the kernel's state has them.

        The kernel takes messages in order, so the state it then sends shows that it has answered
        the change. Raises ClassroomError where the state says otherwise.
        """
        asked = time.monotonic()
        sent = self._send("comm_msg", _comm(widget, "update", state=values, buffer_paths=[]))
        answer = await self.request("comm_msg", _comm(widget, "request_state"), timeout)
        taken = time.monotonic() - asked
        self.waiting.pop(sent, None)
        state = answer.states.get(widget, {})
        wrong = {name: state.get(name) for name in values if state.get(name) != values[name]}
        if wrong:
            raise ClassroomError(f"a widget was set to {values}, and says {wrong}")
        return taken

    async def request(self, kind, content, timeout):
        """Send a message, wait until the kernel has dealt with it; its Answer."""
        key = self._send(kind, content)
        answer = self.waiting[key]
        try:
            await asyncio.wait_for(answer.ended.wait(), timeout)
        except TimeoutError:
            raise ClassroomError(f"{kind}: no answer within {timeout} s") from None
        finally:
            self.waiting.pop(key, None)
        if answer.seconds is None:
            raise ClassroomError(f"{kind}: {self.lost}")
        return answer

    async def close(self):
        """Shut the kernel down and hang up, as "Shut Down Kernel" does."""
        if self.rest:
            await self.server.ask("DELETE", f"sessions/{self.rest['id']}")
        if self.socket:
            self.socket.close()
            await self.reader

    def _send(self, kind, content):
        key = uuid.uuid4().hex
        header = {
            "msg_id": key,
            "msg_type": kind,
            "session": self.session,
            "username": "reader",
            "version": "5.4",
            "date": "2026-01-01T00:00:00Z",
        }
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        self.waiting[key] = Answer(has_reply=kind != "comm_msg")
        self.socket.write_message(serialize_msg_to_ws_v1(message, "shell", _packed), binary=True)
        return key

    async def _read(self):
        while (raw := await self.socket.read_message()) is not None:
            channel, parts = deserialize_msg_from_ws_v1(raw)
            header, parent, _, content = (json.loads(part) for part in parts[:4])
            self._take(channel, header["msg_type"], parent.get("msg_id"), content)
        self._hang_up()

    def _hang_up(self):
        """Let nobody wait for an answer that will not come."""
        for answer in self.waiting.values():
            answer.ended.set()

    def _take(self, channel, kind, key, content):
        if kind == "comm_open":
            self.widgets[content["comm_id"]] = content["data"].get("state", {})
        if kind == "status" and content["execution_state"] in ("restarting", "dead"):
            self.lost = "the kernel died, perhaps for want of memory"
            self._hang_up()
        answer = self.waiting.get(key)
        if kind == "comm_msg" and content["data"].get("method") == "update":
            state = content["data"]["state"]
            self.widgets.setdefault(content["comm_id"], {}).update(state)
            if answer:
                answer.states[content["comm_id"]] = state
        if answer is None:
            return
        if channel == "shell":
            answer.reply = content
        elif kind == "status":
            answer.idle = content["execution_state"] == "idle"
        elif kind in ("stream", "display_data", "execute_result", "error"):
            answer.outputs.append((kind, content))
            if answer.first_view is None and answer.views():
                answer.first_view = time.monotonic() - answer.asked
        if answer.idle and (answer.reply is not None or not answer.has_reply):
            answer.seconds = time.monotonic() - answer.asked
            answer.ended.set()


def _comm(widget, method, **more):
    return {"comm_id": widget, "data": {"method": method, **more}}


def _packed(values):
    return json.dumps(values).encode()
