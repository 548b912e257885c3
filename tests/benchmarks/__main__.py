"""``python -m tests.benchmarks [NAMES…]``: measure, and print each number beside its floor and its target."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from . import commands, decisions, oracles, reads, writes
from .figures import Line, show
from .options import Options
from .prepared import Prepared, prepare

MEASURED: dict[str, Callable[[Prepared, Options], list[Line]]] = {
    "submit": writes.submit,
    "create": writes.create,
    "transact": writes.transact,
    "claim": writes.claim,
    "read": reads.read,
    "many": reads.many,
    "oracle": oracles.oracles,
    "decide": decisions.decide,
    "start": commands.start,
    "load": commands.load,
}


def main(arguments: list[str]) -> int:
    """Measure what is asked for; exit status 0 when every number holds, 3 when one does not."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(MEASURED)}; all")
    parser.add_argument("--seconds", type=float, default=5.0, help="of one round")
    parser.add_argument("--rounds", type=int, default=3, help="ours and the floor take turns so often")
    parser.add_argument("--clients", type=int, default=8, help="at once, beside the runs with one")
    parser.add_argument("--cases", type=int, default=20_000, help="stored, for 'many'; the number to hold: 1000000")
    parser.add_argument("--members", type=int, default=500_000, help="of the directory for 'load'")
    parser.add_argument("--providers", type=int, default=20_000, help="of the directory for 'load'")
    parser.add_argument(
        "--directory",
        type=int,
        nargs=2,
        default=(20_000, 2_000),
        metavar=("MEMBERS", "PROVIDERS"),
        help="that the other measurements work on",
    )
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in MEASURED]:
        parser.error(f"there is no {', '.join(unknown)}; known are {', '.join(MEASURED)}")
    options = Options(asked.seconds, asked.rounds, asked.clients, asked.cases, asked.members, asked.providers)
    lines = measure(asked.names or list(MEASURED), options, tuple(asked.directory))
    show(lines)
    return 3 if any(line.holds is False for line in lines) else 0


def measure(names: list[str], options: Options, directory: tuple[int, int]) -> list[Line]:
    """The lines of each measurement, on a database prepared for all of them."""
    console = Console(stderr=True)
    lines: list[Line] = []
    with TemporaryDirectory(prefix="second-opinion-benchmarks-") as folder:
        with console.status("preparing a directory"):
            prepared = prepare(Path(folder), *directory)
        for name in names:
            console.print(f"measuring {name}")
            lines += MEASURED[name](prepared, options)
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
