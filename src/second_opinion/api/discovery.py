"""What anybody may ask without a token: probes, metrics, keys, and the page that describes the API."""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from typing import Any

import orjson
from flask import Blueprint, Flask, Response
from flask_swagger_ui import get_swaggerui_blueprint
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from second_opinion.access.issuer import Issuer
from second_opinion.cases.status import CaseStatus
from second_opinion.errors import Unavailable
from second_opinion.workflow.claims import CLAIM
from second_opinion.workflow.desk import Desk

OPENAPI = Path(__file__).with_name("openapi.yaml")  # the file at the top of the project
DAY = 24 * 60 * 60  # seconds
DOCS_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'self' 'unsafe-inline'"
)


def blueprint(desk: Desk, issuer: Issuer) -> Blueprint:
    """The routes."""
    open_to_all = Blueprint("discovery", __name__)
    metrics = CollectorRegistry()
    metrics.register(CaseCounts(desk))
    metrics.register(PostFigures(desk))
    metrics.register(ReportFigures(desk))
    metrics.register(ClaimFigures(desk))

    @open_to_all.get("/livez")
    def alive() -> Response:
        return _plain("alive")

    @open_to_all.get("/readyz")
    def ready() -> Response:
        if not desk.store.is_current():
            raise Unavailable("The database needs an upgrade", headers={"Retry-After": "5"})
        desk.store.active_snapshot()
        return _plain("\n".join(("ready", *_post_in_words(outgoing_post(desk)))))

    @open_to_all.get("/metrics")
    def measured() -> Response:
        return Response(generate_latest(metrics), content_type=CONTENT_TYPE_LATEST)

    @open_to_all.get("/.well-known/jwks.json")
    def keys() -> Response:
        ours = {"keys": [*issuer.jwks()["keys"], *desk.post.keys().public()]}
        return Response(orjson.dumps(ours), content_type="application/json")

    @open_to_all.get("/openapi.yaml")
    def openapi() -> Response:
        return Response(OPENAPI.read_bytes(), content_type="application/yaml")

    return open_to_all


class CaseCounts:
    """Cases by where they stand, counted from the database at each scrape: the same from every process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Any:
        """The gauges."""
        cases = GaugeMetricFamily("second_opinion_cases", "Cases by where they stand", labels=["status"])
        for status, count in self._desk.store.case_counts().items():
            cases.add_metric([status], count)
        yield cases


@dataclass(frozen=True)
class OutgoingPost:
    """How the messages that are owed stand."""

    waiting: int
    oldest: float  # seconds
    failed: int  # ever came onto a person's list


def outgoing_post(desk: Desk) -> OutgoingPost:
    """As it stands in the database now."""
    return OutgoingPost(*_standing(desk, "deliver"), desk.store.undelivered())


def _standing(desk: Desk, kind: str) -> tuple[int, float]:
    """How much work of the kind waits, and for how many seconds the oldest of it."""
    waiting, since = desk.store.work_standing(kind)
    oldest = (datetime.now(UTC) - since).total_seconds() if since else 0.0
    return waiting, max(oldest, 0.0)


class PostFigures:
    """The outgoing post at each scrape: the same from every process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Any:
        """Two gauges and a counter."""
        post = outgoing_post(self._desk)
        name = "second_opinion_deliveries"
        yield GaugeMetricFamily(f"{name}_waiting", "Messages owed and not yet delivered", post.waiting)
        yield GaugeMetricFamily(f"{name}_oldest_seconds", "Age of the oldest of them", post.oldest)
        yield CounterMetricFamily(f"{name}_failed", "Messages that came onto a person's list", post.failed)


class ClaimFigures:
    """Claims told as pended because there was no time, at each scrape: until they are decided they are no cases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Any:
        """Two gauges."""
        waiting, oldest = _standing(self._desk, CLAIM)
        name = "second_opinion_claims"
        yield GaugeMetricFamily(f"{name}_waiting", "Claims kept and not yet decided, for want of time", waiting)
        yield GaugeMetricFamily(f"{name}_oldest_seconds", "Age of the oldest of them", oldest)


class ReportFigures:
    """How the consultation reports stand at each scrape: the same from every process; NaN while there are none."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Any:
        """Two gauges."""
        cases = self._desk.store.case_counts()
        delivered = cases.get(CaseStatus.REPORT_DELIVERED, 0)
        asked = delivered + cases.get(CaseStatus.REPORT_DUE, 0)
        reports, seconds = self._desk.store.reports()
        share = "Share of reports, due or delivered, that the member and the initial provider both have"
        days = "Mean days from the visit, or else the decision, until both have the report"
        name = "second_opinion_reports"
        yield GaugeMetricFamily(f"{name}_delivered_share", share, delivered / asked if asked else nan)
        yield GaugeMetricFamily(f"{name}_days", days, seconds / DAY / reports if reports else nan)


def _post_in_words(post: OutgoingPost) -> tuple[str, ...]:
    return (
        f"deliveries waiting: {post.waiting}",
        f"oldest, in seconds: {post.oldest:.0f}",
        f"deliveries failed: {post.failed}",
    )


def register_docs(app: Flask) -> None:
    """The page that shows openapi.yaml, from files of our own."""
    page = get_swaggerui_blueprint(
        "/docs", "/openapi.yaml", config={"app_name": "Second opinion", "validatorUrl": None}
    )

    page.after_request(_allow_own_scripts)
    app.register_blueprint(page)


def _allow_own_scripts(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    return response


def _plain(words: str) -> Response:
    return Response(words + "\n", content_type="text/plain; charset=utf-8")
