"""The page at /docs, as a browser shows it; skipped where no Chromium is installed."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from werkzeug.serving import make_server

from api.running import service

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="the page is tested in Chromium, which is not installed here")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page's DOM after its scripts ran."""
    folder = Path(tmp_path_factory.mktemp("page"))
    with service(folder) as running:
        server = make_server("127.0.0.1", 0, running.app, threaded=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield _shown(f"http://127.0.0.1:{server.port}/docs/", folder)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _shown(url: str, folder: Path) -> str:
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",  # in containers tests run as root
        "--disable-gpu",
        "--disable-dev-shm-usage",
        f"--user-data-dir={folder / 'profile'}",
        "--window-size=1280,40000",  # all of it in sight: what is not, is drawn later
        "--virtual-time-budget=60000",  # milliseconds of the page's own time
        "--dump-dom",
        url,
    ]
    return subprocess.run(command, check=True, capture_output=True, timeout=120, text=True).stdout  # noqa: S603 - our own words


def test_the_page_shows_every_door(page: str) -> None:
    for door in ("submitServiceRequest", "createServiceRequest", "updateServiceRequest"):
        assert f'id="operations-ServiceRequest-{door}"' in page
    assert 'id="operations-System-transaction"' in page


def test_the_page_shows_what_can_be_read(page: str) -> None:
    for operation in ("Task-searchTask", "ClaimResponse-readClaimResponse", "Definitions-searchPlanDefinition"):
        assert f'id="operations-{operation}"' in page


def test_the_page_finds_no_fault_in_the_description(page: str) -> None:
    assert "errors-wrapper" not in page
    assert "Unable to render" not in page
