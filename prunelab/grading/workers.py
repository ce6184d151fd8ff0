"""Grade a class in several processes, so that a thousand files take a minute.

Each process grades one file after another. If a process dies, for example for lack of memory, only
its current file is lost, and a new process replaces it. All processes end with this one.
"""

import base64
import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

from prunelab.base.host import threads_there_are

FEW = 50  # files per process, at least: starting a process takes as long as grading 50
MOST = 8  # processes; each takes 150 MB
READY = b"ready\n"
SERVE = "import sys; sys.path[:] = {path!r}; from prunelab.grading.workers import serve; serve()"


def how_many(n_files):
    """The number of processes for `n_files` files; 1 means the current process."""
    return max(min(threads_there_are(), n_files // FEW, MOST), 1)


def graded(files, workers):
    """The grade of each of `files`, (path, name) pairs, in order; or a sentence why not."""
    idle, everybody = SimpleQueue(), [_Worker() for _ in range(workers)]
    for worker in everybody:
        idle.put(worker)

    def graded_by_one(file):
        worker = idle.get()
        try:
            return worker.grade(*file)
        finally:
            idle.put(worker)

    pool = ThreadPoolExecutor(workers)
    try:
        for future in [pool.submit(graded_by_one, file) for file in files]:
            while not future.done():  # wait with a timeout, so that interrupts are handled
                with suppress(TimeoutError):
                    future.result(timeout=1)
            yield future.result()
    finally:
        for worker in everybody:
            worker.end()
        pool.shutdown(cancel_futures=True)
        for worker in everybody:
            worker.stop()


class _Worker:
    """A grading process, started when it is needed."""

    def __init__(self):
        self._process, self._ended = None, False

    def grade(self, path, name):
        """The grade of a file, or a sentence that says why not."""
        if self._process is None and not self._start():
            return "it cannot be graded: no process could be started for it"
        with suppress(OSError, ValueError):  # ValueError: `end` has closed the pipe
            self._process.stdin.write(json.dumps([os.fspath(path), name]).encode() + b"\n")
            self._process.stdin.flush()
            if answer := self._process.stdout.readline():
                return pickle.loads(base64.b64decode(answer))
        self.stop()
        return "it cannot be graded: the process that checked its answers died of it"

    def _start(self):
        if self._ended:
            return False
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE.format(path=sys.path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,  # only the parent gets interrupts, and ends the worker
        )  # fmt: skip
        if self._process.stdout.readline() == READY:
            return True
        self.stop()
        return False

    def stop(self):
        """End the process and wait until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            process.stdout.close()
            with suppress(OSError):
                process.stdin.close()

    def end(self):
        """End the process at once; no other is started."""
        self._ended, process = True, self._process
        if process is not None:
            process.kill()


def serve():
    """Grade the files named on standard input, one per line, until it ends; run by `_Worker`."""
    from prunelab.grading.grade import exercises, grade_file

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # printed output must not mix with the answers
    known = exercises()
    answers.write(READY)
    answers.flush()
    for line in sys.stdin.buffer:
        path, name = json.loads(line)
        grade = grade_file(Path(path), name, known)
        answers.write(base64.b64encode(pickle.dumps(grade)) + b"\n")
        answers.flush()
