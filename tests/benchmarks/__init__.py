"""The numbers to hold, each measured beside its floor in one run: ``python -m tests.benchmarks``."""
