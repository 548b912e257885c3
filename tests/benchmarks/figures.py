"""What was measured, and the table it is printed as."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Run:
    """Requests answered one after the other or side by side: how long it took, and each one's time, in seconds."""

    seconds: float
    latencies: Sequence[float]
    processor: float = 0.0  # the service's processor time for one answer, in seconds

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    @property
    def median(self) -> float:
        """The middle request's time, in seconds."""
        return median(self.latencies)

    @property
    def p99(self) -> float:
        """The time only one request in a hundred took longer than, in seconds."""
        return quantile(self.latencies, 0.99)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def joined(runs: Sequence[Run]) -> Run:
    """Several rounds as one run."""
    latencies = [each for run in runs for each in run.latencies]
    return Run(sum(run.seconds for run in runs), latencies, median(run.processor for run in runs))


def paired(ours: Sequence[Run], floor: Sequence[Run]) -> float:
    """Our throughput by the floor's, the middle one of rounds that ran right after each other."""
    return median(mine.per_second / other.per_second for mine, other in zip(ours, floor, strict=True))


@dataclass(frozen=True)
class Line:
    """One line of the table; ``holds`` None: there is no target, the figure is told for comparison."""

    work: str
    ours: str
    floor: str = ""
    ratio: str = ""
    target: str = ""
    holds: bool | None = None


def throughput(work: str, ours: Sequence[Run], floor: Sequence[Run], least: float | None = None) -> Line:
    """Our answers a second against the floor's, which we must reach ``least`` times; None: told for comparison."""
    ratio = paired(ours, floor)
    figures = (f"{joined(ours).per_second:,.0f}/s", f"{joined(floor).per_second:,.0f}/s", f"{ratio:.2f}")
    return Line(work, *figures, *((f"≥ {least:g}", ratio >= least) if least is not None else ()))


def tail(work: str, runs: Sequence[Run], most: float | None = None) -> Line:
    """Median and p99, which may be at most ``most`` medians."""
    run = joined(runs)
    ratio = run.p99 / run.median
    ours = f"median {milliseconds(run.median)}, p99 {milliseconds(run.p99)}, CPU {milliseconds(run.processor)}"
    target, holds = (f"p99 < {most:g} medians", ratio < most) if most else ("", None)
    return Line(work, ours, "", f"{ratio:.1f}", target, holds)


def at_once(clients: int) -> str:
    """How many clients, in words."""
    return f"{clients} client{'s' if clients > 1 else ''}"


def milliseconds(seconds: float) -> str:
    """For the table."""
    return f"{seconds * 1000:.2f} ms"


def show(lines: Sequence[Line]) -> None:
    """Print the table."""
    table = Table("work", "ours", "floor", "ratio", "target", "holds?")
    for line in lines:
        holds = "" if line.holds is None else "yes" if line.holds else "NO"
        table.add_row(line.work, line.ours, line.floor, line.ratio, line.target, holds)
    Console(width=170, highlight=False).print(table)
