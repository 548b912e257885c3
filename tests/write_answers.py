"""Write the answer each example request really gets beside it: ``python tests/write_answers.py``.

An answer that says the same as the one kept, other ids apart, stays as it is.
"""

import sys
import tempfile
from pathlib import Path

from desks import EXAMPLES
from examples import demonstration, normalised, readable
from second_opinion import demo


def write_answers() -> int:
    """Write them; how many changed."""
    changed = 0
    with tempfile.TemporaryDirectory() as folder, demonstration(Path(folder)) as (_, sender):
        for example in demo.examples(EXAMPLES):
            answered = sender.send("ServiceRequest/$submit", example.path.read_bytes()).data
            kept = example.answer.read_bytes() if example.answer.exists() else b"null"
            if normalised(kept) != normalised(answered):
                example.answer.write_bytes(readable(answered))
                changed += 1
    return changed


if __name__ == "__main__":
    sys.stdout.write(f"{write_answers()} answers changed\n")
