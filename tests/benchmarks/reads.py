"""A Task read and searched: beside a bare route with the same answer, and in a large database beside a small one."""

from collections.abc import Callable
from statistics import median

from rich.console import Console

from . import samples, services
from .clients import Exchange, Load, get
from .figures import Line, Run, at_once, joined, milliseconds, tail, throughput
from .filled import fill, search_path, task_path
from .options import Options
from .prepared import Prepared
from .samples import Samples
from .services import Service

SMALL = 1000  # cases
STRIDE = 7919  # prime: requests after each other are about cases far apart

PATHS: dict[str, tuple[Callable[[Samples, int], str], str]] = {
    "GET Task/{id}": (task_path, "/task/one"),
    "GET Task?identifier=": (search_path, "/searched"),
}


def read(prepared: Prepared, options: Options) -> list[Line]:
    """Our reads beside a bare Flask route that returns the same bytes."""
    taken = samples.take(prepared)
    samples.write(taken, prepared.folder)
    own = prepared.copy("ours-read")
    fill(own, taken, SMALL, Console(stderr=True))
    lines: list[Line] = []
    with (
        services.ours(prepared.folder, own) as service,
        services.floor(prepared.folder, prepared.copy("floor-read")) as floor,
    ):
        for work, (path, bare) in PATHS.items():
            loads = _reading(prepared, taken, service, path, (SMALL, SMALL)), Load(floor, _same(prepared, bare))
            for clients in (1, options.clients):
                case = f"{work}, {at_once(clients)}"
                ours, other = options.rounds_of(loads, clients)
                lines.append(throughput(case, ours, other, 0.5))
                lines.append(tail(case, ours))
                lines.append(tail(f"{case}, the floor", other))
    return lines


def many(prepared: Prepared, options: Options) -> list[Line]:
    """The same reads with many cases stored and with a thousand, of a thousand cases far apart.

    The time of the first read of a case is told too: it may be the disk's, where not all cases fit into memory.
    """
    taken = samples.take(prepared)
    small, large = prepared.copy("small"), prepared.copy("large")
    fill(small, taken, SMALL, Console(stderr=True))
    fill(large, taken, options.cases, Console(stderr=True))
    lines: list[Line] = []
    with services.ours(prepared.folder, small) as few, services.ours(prepared.folder, large) as service:
        for place, (work, (path, _)) in enumerate(PATHS.items()):
            first = _reading(prepared, taken, service, path, (options.cases, options.cases), place * options.cases // 2)
            each_once = first.drive(1, options.seconds)
            loads = (
                _reading(prepared, taken, service, path, (SMALL, options.cases)),
                _reading(prepared, taken, few, path, (SMALL, SMALL)),
            )
            options.rounds_of(loads, 1)  # the thousand are read before the time counts
            ours, other = options.rounds_of(loads, 1)
            case = f"{work}, {options.cases:,} cases stored against {SMALL:,}"
            lines += [_slower(case, ours, other), tail(f"{case}: each case's first read", [each_once])]
    return lines


def _reading(
    prepared: Prepared,
    taken: Samples,
    service: Service,
    path: Callable[[Samples, int], str],
    among: tuple[int, int],
    first: int = 0,
) -> Load:
    """Reads of so many cases, spread over all there are."""
    some, every = among

    def request(n: int) -> bytes:
        return get(path(taken, n * STRIDE % some * (every // some)), prepared.token)

    return Load(service, Exchange(request, 200, b'"resourceType":"Task"'), first)


def _same(prepared: Prepared, path: str) -> Exchange:
    asked = get(path, prepared.token)
    return Exchange(lambda _: asked, 200, b'"resourceType":"Task"')


def _slower(work: str, ours: list[Run], other: list[Run]) -> Line:
    ratio = median(mine.median / small.median for mine, small in zip(ours, other, strict=True))
    times = milliseconds(joined(ours).median), milliseconds(joined(other).median)
    return Line(work, *times, f"{ratio:.2f}", "≤ 1.3", ratio <= 1.3)
