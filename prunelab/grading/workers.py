"""A class graded by several processes at once, so that a thousand files take a minute.

Each process grades one file after another. One that dies, as where a check needs more memory than
there is, costs the file it was at, and another takes its place. All of them end with this process.
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

FEW = 50  # files for each process: its start takes as long as grading so many
MOST = 8  # processes, of 150 MB each
READY = b"ready\n"
SERVE = "import sys; sys.path[:] = {path!r}; from prunelab.grading.workers import serve; serve()"


def how_many(n_files):
    """How many processes grade so many files; 1: this one does."""
    with suppress(AttributeError):  # where a process has all processors
        return max(min(len(os.sched_getaffinity(0)), n_files // FEW, MOST), 1)
    return max(min(os.cpu_count() or 1, n_files // FEW, MOST), 1)


def graded(files, workers):
    """The grade of each of `files`, (path, name) pairs, in their order; or a sentence why not."""
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
            while not future.done():  # no wait is for ever: an interrupt is heard
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
    """A process that grades, started when it is needed."""

    def __init__(self):
        self._process, self._ended = None, False

    def grade(self, path, name):
        """The grade of a file, or a sentence."""
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
            start_new_session=True,  # an interrupt is for us, and we end it
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
        """End the process, whatever it is at; no other is started."""
        self._ended, process = True, self._process
        if process is not None:
            process.kill()


def serve():
    """Grade what stands on standard input, a line a file, until it ends: what `_Worker` starts."""
    from prunelab.grading.grade import exercises, grade_file

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever is printed is no answer
    known = exercises()
    answers.write(READY)
    answers.flush()
    for line in sys.stdin.buffer:
        path, name = json.loads(line)
        grade = grade_file(Path(path), name, known)
        answers.write(base64.b64encode(pickle.dumps(grade)) + b"\n")
        answers.flush()
