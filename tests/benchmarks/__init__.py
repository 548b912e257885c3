"""The numbers to hold, each measured beside its floor in one run: ``python -m tests.benchmarks``."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))  # what the tests set up with is imported as they import it
