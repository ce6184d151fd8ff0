"""Memory of a server and its kernels, read from Linux while they run.

Two counts of a process. *Private*: pages that no other process has; what one more reader adds.
*PSS*: private pages, and of each shared page (program files, mostly) an even share; summed over all
processes it is what the class takes in all. A kernel is counted with the processes it started.
"""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MB = 1024**2


@dataclass
class Usage:
    """MB of one kernel or of the server: the last look at it, and the most that a look found."""

    private: float = 0.0
    pss: float = 0.0
    peak_private: float = 0.0
    peak_pss: float = 0.0
    peak_resident: float = 0.0  # the system's own mark, missed by no look; shared pages included

    def look(self, processes):
        """Add up these processes as they are now; True where one of them could be read."""
        looks = [found for process in processes if (found := look(process)) is not None]
        if not looks:
            return False
        self.private, self.pss = (sum(found[i] for found in looks) for i in (0, 1))
        self.peak_private = max(self.peak_private, self.private)
        self.peak_pss = max(self.peak_pss, self.pss)
        self.peak_resident = max(self.peak_resident, *(found[2] for found in looks))
        return True


def look(pid):
    """MB of a process: private, PSS, and the most it ever had resident; None once it is gone."""
    try:
        rollup = _kilobytes(f"/proc/{pid}/smaps_rollup")
        peak = _kilobytes(f"/proc/{pid}/status").get("VmHWM")
    except OSError:
        return None
    if peak is None or "Pss" not in rollup:
        return None  # it is ending, and has no memory any more
    private = sum(size for name, size in rollup.items() if name.startswith("Private_"))
    return private / 1024, rollup["Pss"] / 1024, peak / 1024


def _kilobytes(path):
    lines = Path(path).read_text(encoding="ascii", errors="replace").splitlines()
    parts = [line.split() for line in lines]
    return {p[0].rstrip(":"): int(p[1]) for p in parts if len(p) == 3 and p[2] == "kB"}


@dataclass
class Watch:
    """Looks at a server and its kernels every `every` seconds; see `usage` and `machine`."""

    pid: int
    every: float = 3.0
    server: Usage = field(default_factory=Usage)
    kernels: dict = field(default_factory=dict)  # kernel id: Usage
    most_kernels: int = 0
    peak_total: float = 0.0  # PSS of all, at the worst look
    least_available: float = float("inf")
    swapped: float = 0.0
    processor: dict = field(default_factory=dict)  # process id: processor seconds
    _swap_at_start: float = field(default_factory=lambda: _swapped_out())

    async def run(self):
        """Look until cancelled; never faster than a tenth of the time that a look takes."""
        while True:
            began = time.monotonic()
            self.look()
            await asyncio.sleep(max(self.every, 10 * (time.monotonic() - began)))

    def look(self):
        """Look at every process once."""
        self.least_available = min(self.least_available, psutil.virtual_memory().available / MB)
        self.swapped = max(self.swapped, _swapped_out() - self._swap_at_start)
        groups = self._groups()
        self.server.look([self.pid])
        alive = [self.kernels.setdefault(k, Usage()).look(group) for k, group in groups.items()]
        self.most_kernels = max(self.most_kernels, sum(alive))
        total = self.server.pss + sum(self.kernels[k].pss for k in groups)
        self.peak_total = max(self.peak_total, total)

    def look_at(self, kernel):
        """Look at one kernel, now; its Usage."""
        usage = self.kernels.setdefault(kernel, Usage())
        usage.look(self._groups().get(kernel, []))
        return usage

    def _groups(self):
        """Process ids by kernel: its own, and those of the processes it started."""
        groups, owners = {}, {self.pid: None}
        for process in self._family():
            try:
                with process.oneshot():
                    parent, times = process.ppid(), process.cpu_times()
                    owner = owners.get(parent) or _kernel_of(process.cmdline())
            except psutil.Error:
                continue  # it has ended since
            if owner:
                owners[process.pid] = owner
                groups.setdefault(owner, []).append(process.pid)
                self.processor[process.pid, process.create_time()] = times.user + times.system
        return groups

    def _family(self):
        """Every process below the server, parents before their children."""
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


def _kernel_of(command):
    """The id of the kernel that a command line starts; None for another command."""
    name = next((word for word in command if "kernel-" in word and word.endswith(".json")), "")
    return Path(name).stem.removeprefix("kernel-") or None


def _swapped_out():
    """MB that the machine has written to swap since it started."""
    return psutil.swap_memory().sout / MB
