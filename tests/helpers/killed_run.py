"""A server of processes to be killed: `tools/torture.py` and the tests of killing talk to it.

TensorFlow takes ten seconds to import. This process imports it once, without running anything of
it, and forks a child for each job; the child imports prunelab, which starts TensorFlow there. A
fork is sound as long as the parent has one thread, which is checked before each.

Jobs come as lines of JSON on standard input, answers go as such to standard output. A job has
`runs`, each with config, seed, folder and states (a folder for the variables after each phase), and
`kill`, None or {"kind", "signal", "at"}: what is counted, what is sent, at which count.
"""

import json
import os
import pathlib
import signal
import sys
import time
from contextlib import suppress
from importlib import import_module


def main():
    import_quietly()
    reply({"ready": True})
    for line in sys.stdin:
        threads = os.listdir("/proc/self/task")
        assert len(threads) == 1, f"{len(threads)} threads: a fork would not be sound"
        reply(serve(json.loads(line)))


def reply(values):
    print(json.dumps(values), flush=True)


def import_quietly():
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    for name in (
        *("sklearn.datasets", "sklearn.metrics", "sklearn.model_selection"),
        *("tensorflow", "tf_keras", "tensorflow_model_optimization"),
    ):
        import_module(name)
    os.dup2(saved, 2)
    from tensorflow.python.eager import context

    assert context.context()._context_handle is None, "TensorFlow has run something already"


def serve(job):
    """Fork, let the child work, kill it at the processor time asked for; how it ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        # A shell that runs this in the background may have had interrupts ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = 1
        try:
            counts = work(job)
            os.write(writer, json.dumps(counts).encode())
            code = 0
        except KeyboardInterrupt:
            code = 130
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writer)
    kill, sent = job["kill"], False
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if kill and kill["kind"] == "time" and not sent and processor_time(child) >= kill["at"]:
            os.kill(child, getattr(signal, kill["signal"]))
            sent = True
        time.sleep(0.002)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    counts = json.loads(text) if text else {}
    return {"code": os.waitstatus_to_exitcode(status), "counts": counts}


def processor_time(process):
    """Seconds of processor time a process has used, to 10 ms; busy neighbours add nothing."""
    with suppress(OSError):
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


class Counter:
    """Counts what happens by kind, and sends this process the signal when its count has come."""

    def __init__(self, kill):
        self.kill, self.counts = kill, dict.fromkeys(("batch", "write", "rename", "removal"), 0)

    def room(self, kind):
        """How much of this kind is left before the signal, or None."""
        if self.kill is None or self.kill["kind"] != kind:
            return None
        return self.kill["at"] - self.counts[kind]

    def add(self, kind, n=1):
        self.counts[kind] += n
        if self.room(kind) is not None and self.room(kind) <= 0:
            os.kill(os.getpid(), getattr(signal, self.kill["signal"]))


def work(job):
    """Do all runs of the job; the counts of what happened, with the processor time."""
    began = time.process_time()
    from prunelab import networks as k
    from prunelab.experiments import ExperimentConfig

    counter = Counter(job["kill"])
    watch_batches(counter)
    watch_files(counter)
    per_run = {}
    for run in job["runs"]:
        before = dict(counter.counts)
        config = ExperimentConfig.from_dict(run["config"])
        keep_states(pathlib.Path(run["states"]), config)
        k.run(config, run["seed"], run["folder"], keep_weights=True)
        per_run[config.name] = {n: counter.counts[n] - before[n] for n in before}
    return {"runs": per_run, "seconds": time.process_time() - began}


def watch_batches(counter):
    from prunelab.networks import stepping
    from prunelab.networks.recording import Recorder

    if counter.kill is None or counter.kill["kind"] == "batch":
        stepping.GROUP = 1  # so that a kill falls on any batch; what is grouped gives the same
    Recorder.on_train_batch_end = lambda self, batch, logs=None: counter.add("batch")


class Watched:
    """A file that counts the bytes written to it; the last write before the signal is cut short."""

    def __init__(self, file, counter):
        self.file, self.counter = file, counter

    def write(self, content):
        content = memoryview(content).cast("B")
        room = self.counter.room("write")
        if room is not None and len(content) >= room:
            self.file.write(content[: max(room, 0)])
            self.file.flush()
        self.counter.add("write", len(content))
        return self.file.write(content)

    def __getattr__(self, name):
        return getattr(self.file, name)


def watch_files(counter):
    """Count bytes written, files put in place (before, and after it), files removed (likewise)."""
    from prunelab.base import files
    from prunelab.experiments import checkpoints, runs

    def write_atomically(path, write, **options):
        files.write_atomically(path, lambda file: write(Watched(file, counter)), **options)

    checkpoints.write_atomically = runs.write_atomically = write_atomically

    def around(function, kind):
        def counted(*arguments, **options):
            counter.add(kind)
            outcome = function(*arguments, **options)
            counter.add(kind)
            return outcome

        return counted

    os.replace = around(os.replace, "rename")
    pathlib.Path.unlink = around(pathlib.Path.unlink, "removal")


def keep_states(folder, config):
    """After each phase, store every variable: weights, masks, thresholds, steps, the optimizer."""
    import numpy as np

    from prunelab.networks import pool

    def train(network, data, *, checkpoints=None, **options):
        options |= {"pruning": network.schedule is not None, "checkpoints": checkpoints}
        phase = pool.train_steps(network.steps, data, **options)
        model = network.model
        arrays = [v.numpy() for v in [*model.weights, *model.optimizer.variables]]
        folder.mkdir(exist_ok=True)
        number = 1 if checkpoints.name.startswith("dense-") else 2
        np.savez(folder / f"{config.name}-phase{number}.npz", *arrays)
        return phase

    pool.PooledNetwork.train = train


if __name__ == "__main__":
    main()
