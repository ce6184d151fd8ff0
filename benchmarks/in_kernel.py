"""Run a function of a benchmark in a real notebook kernel, and measure that kernel.

The kernel is started as JupyterLab starts it: with its messages, its threads and its widgets'
channels, though nobody shows what it sends.
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from queue import Empty
from threading import Event, Thread

from prunelab.course import new_reader

HERE = Path(__file__).resolve().parent


def in_kernel(module, function, *arguments, seconds=3600):
    """What `module.function(*arguments)` returns, plain values, from a kernel of its own."""
    from jupyter_client.manager import start_new_kernel

    folder = tempfile.TemporaryDirectory(prefix="prunelab-reader-")
    manager, client = start_new_kernel(
        cwd=str(HERE), env=os.environ | new_reader(folder.name), stderr=subprocess.DEVNULL
    )
    try:
        call = f"{module}.{function}(*{json.dumps(arguments)})"
        client.execute(f"import json, {module}; print('found', json.dumps({call}))")
        return _answer(client, seconds)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        folder.cleanup()


def _answer(client, seconds):
    said, deadline = "", time.monotonic() + seconds
    while True:
        try:
            message = client.get_iopub_msg(timeout=1)
        except Empty:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the kernel has not answered within {seconds} s") from None
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "error":
            raise RuntimeError(f"{content['ename']} in the kernel: {content['evalue']}")
        if kind == "stream" and content["name"] == "stdout":
            said += content["text"]
        if kind == "status" and content["execution_state"] == "idle" and "found " in said:
            return json.loads(said[said.index("found ") + 6 :].splitlines()[0])


def megabytes(name):
    """A line of Linux' account of this process, such as RssAnon, in MB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise OSError(f"this system does not say {name} of a process")


class Peak:
    """The most memory that this process has to itself, looked at every hundredth of a second.

    It leaves out the files of libraries, of TensorFlow 440 MB: kernels on one machine share them,
    and a system that runs short drops them first. `with_files` is the peak with them.
    """

    def __init__(self):
        self.megabytes, self._over = 0.0, Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    @property
    def with_files(self):
        """As the system counts it itself."""
        return megabytes("VmHWM")

    def _watch(self):
        while not self._over.wait(0.01):
            self.megabytes = max(self.megabytes, megabytes("RssAnon"))
