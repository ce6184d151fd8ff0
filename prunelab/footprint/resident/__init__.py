"""Resident memory of a network: how much more a process holds with it, counted in two ways."""

from prunelab.footprint.resident.processes import MemoryRow, memory

__all__ = ["MemoryRow", "memory"]
