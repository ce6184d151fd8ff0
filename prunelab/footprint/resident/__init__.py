"""Resident memory of a network: what a process holds more with it, by two ways of counting."""

from prunelab.footprint.resident.processes import MemoryRow, memory

__all__ = ["MemoryRow", "memory"]
