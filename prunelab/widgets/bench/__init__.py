"""TuningBench."""
