"""Jupyter servers that run, spoken to as a browser does: over HTTP and websockets."""

import json
import os
import subprocess
import sys
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import websocket
from ports import free_port, listens
from waiting import PATIENCE, wait_until

TOKEN = "a-token-for-trials"


class Refused(Exception):
    """A request that the server refused: its status and its message."""


class JupyterServer:
    """A server whose folder is ``folder``. ``command`` is given options, and starts it."""

    def __init__(self, folder, command, options=(), variables=None):
        self.folder, self.port, settings = folder, free_port(), folder.with_name(f"{folder.name}-settings")
        self.address = f"127.0.0.1:{self.port}"
        settings.mkdir(exist_ok=True)
        own = {f"JUPYTER_{place}_DIR": str(settings / place.lower()) for place in ("CONFIG", "DATA", "RUNTIME")}
        own |= {"IPYTHONDIR": str(settings / "ipython"), "JUPYTER_TOKEN": TOKEN, "HOME": str(settings)}
        self.log_file = settings / "log"
        with self.log_file.open("a") as log:
            self.process = subprocess.Popen(
                [*command, "--no-browser", "--port", str(self.port), *options],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **own, **(variables or {})},
            )  # fmt: skip

    def log(self):
        return self.log_file.read_text()

    def ask(self, path, body=None, method=None):
        """What the server answers. Raises Refused."""
        request = Request(f"http://{self.address}{path}", method=method or ("POST" if body is not None else "GET"))
        request.add_header("Authorization", f"token {TOKEN}")
        request.data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(request, timeout=PATIENCE) as answer:
                return json.loads(answer.read() or b"null")
        except HTTPError as error:
            raise Refused(error.code, json.loads(error.read() or b"{}").get("message", "")) from error

    def session(self, path, kernel=None, kind="notebook"):
        """The session of a notebook, as JupyterLab asks for it."""
        asked = {"path": path, "name": Path(path).name, "type": kind, "kernel": kernel or {"name": "python3"}}
        return self.ask("/api/sessions", asked)

    @contextmanager
    def kernel(self, path, **asked):
        """A notebook's kernel, spoken to over a websocket. Its session ends with the block."""
        session = self.session(path, **asked)
        with self.talking(session["kernel"]["id"]) as kernel:
            kernel.session = session
            yield kernel
        with suppress(Refused):
            self.ask(f"/api/sessions/{session['id']}", method="DELETE")

    @contextmanager
    def talking(self, kernel_id):
        kernel = Kernel(self, kernel_id)
        try:
            yield kernel
        finally:
            kernel.socket.close()

    def end(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


class Kernel:
    """A connection to a kernel, as a notebook in a browser has one."""

    def __init__(self, server, kernel_id):
        self.server, self.id, self.name = server, kernel_id, uuid.uuid4().hex
        address = f"ws://{server.address}/api/kernels/{kernel_id}/channels?session_id={self.name}"
        self.socket = websocket.create_connection(address, PATIENCE, header=[f"Authorization: token {TOKEN}"])

    def send(self, kind, channel="shell", **content):
        """Send a message; returns its id."""
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": self.name, "username": "", "version": "5.3"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": channel}
        self.socket.send(json.dumps(message))
        return header["msg_id"]

    def messages(self, parent):
        """The messages that answer one, up to its reply and the word that the kernel is idle."""
        replied = idle = False
        while not (replied and idle):
            message = json.loads(self.socket.recv())
            if message["parent_header"].get("msg_id") == parent:
                kind = message["header"]["msg_type"]
                replied = replied or kind.endswith("_reply")
                idle = idle or (kind == "status" and message["content"]["execution_state"] == "idle")
                yield kind, message["content"]

    def execute(self, code):
        """The messages that come of a cell."""
        return list(self.messages(self.send("execute_request", code=code, allow_stdin=True, stop_on_error=False)))

    def said(self, code):
        """What a cell prints or shows as text, and its error."""
        return "".join(text_of(kind, content) for kind, content in self.execute(code))


def text_of(kind, content):
    if kind == "stream":
        return content["text"]
    if kind == "error":
        return f"{content['ename']}: {content['evalue']}"
    return content["data"].get("text/plain", "") if kind in ("execute_result", "display_data") else ""


@contextmanager
def serving(folder, command=None, **more):
    """A server, by default that of ``course lab``, until the block ends."""
    command = command or [str(Path(sys.executable).with_name("course")), "lab", "--folder", str(folder)]
    server = JupyterServer(folder, command, **more)
    try:
        assert wait_until(lambda: server.process.poll() is not None or listens(server.port))
        assert server.process.poll() is None, server.log()
        yield server
    finally:
        server.end()
