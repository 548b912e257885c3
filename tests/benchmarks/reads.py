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
            loads = _reading(prepared, taken, service, path, SMALL), Load(floor, _same(prepared, bare))
            for clients in (1, options.clients):
                case = f"{work}, {at_once(clients)}"
                ours, other = options.rounds_of(loads, clients)
                lines.append(throughput(case, ours, other, 0.5))
                lines.append(tail(case, ours))
                lines.append(tail(f"{case}, the floor", other))
    return lines


def many(prepared: Prepared, options: Options) -> list[Line]:
    """The same reads with many cases stored and with a thousand."""
    taken = samples.take(prepared)
    small, large = prepared.copy("small"), prepared.copy("large")
    fill(small, taken, SMALL, Console(stderr=True))
    fill(large, taken, options.cases, Console(stderr=True))
    lines: list[Line] = []
    with services.ours(prepared.folder, small) as few, services.ours(prepared.folder, large) as service:
        for work, (path, _) in PATHS.items():
            loads = (
                _reading(prepared, taken, service, path, options.cases),
                _reading(prepared, taken, few, path, SMALL),
            )
            ours, other = options.rounds_of(loads, 1)
            lines.append(_slower(f"{work}, {options.cases:,} cases stored against {SMALL:,}", ours, other))
    return lines


def _reading(
    prepared: Prepared, taken: Samples, service: Service, path: Callable[[Samples, int], str], cases: int
) -> Load:
    def request(n: int) -> bytes:
        return get(path(taken, n * STRIDE % cases), prepared.token)

    return Load(service, Exchange(request, 200, b'"resourceType":"Task"'))


def _same(prepared: Prepared, path: str) -> Exchange:
    asked = get(path, prepared.token)
    return Exchange(lambda _: asked, 200, b'"resourceType":"Task"')


def _slower(work: str, ours: list[Run], other: list[Run]) -> Line:
    ratio = median(mine.median / small.median for mine, small in zip(ours, other, strict=True))
    times = milliseconds(joined(ours).median), milliseconds(joined(other).median)
    return Line(work, *times, f"{ratio:.2f}", "≤ 1.3", ratio <= 1.3)
