"""What every measurement begins with: a loaded directory, a registered partner and its token."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from second_opinion import app
from second_opinion.access import registry
from second_opinion.settings import Settings
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.load import load_directory

from . import generate_directory
from .generate_directory import npi

PARTNER = "benchmark-ehr"
PUBLIC_URL = "http://127.0.0.1:8080"  # of every service measured, whatever its port: tokens name it


@dataclass(frozen=True)
class Prepared:
    """A database to copy, and what opens it."""

    folder: Path
    members: int
    token: str

    @property
    def database(self) -> Path:
        """The file with the directory and the partner, and no case."""
        return self.folder / "prepared.db"

    def copy(self, name: str) -> Path:
        """A database of one measurement's own."""
        own = self.folder / f"{name}.db"
        for left in self.folder.glob(f"{name}.db?*"):
            left.unlink() if left.is_file() else shutil.rmtree(left)
        shutil.copyfile(self.database, own)
        return own

    def settings(self, database: Path) -> Settings:
        """The service's settings on this database."""
        return Settings.load({}, data_folder=self.folder, database_url=f"sqlite:///{database}", public_url=PUBLIC_URL)

    def desk(self, database: Path) -> Desk:
        """The parts of the service on this database, in this process."""
        return app.desk(self.settings(database))


def prepare(folder: Path, members: int, providers: int) -> Prepared:
    """Generate a directory of this size, load it, register the partner."""
    directory = folder / "directory"
    generate_directory.write(directory, members, providers)
    waiting = Prepared(folder, members, "")
    desk = waiting.desk(waiting.database)
    try:
        load_directory(desk.store, (directory,), replace=True, base=desk.settings.fhir_base, now=datetime.now(UTC))
        registry.add_partner(desk.store, PARTNER, partner_class="ehr", organization=npi(1), npis=(npi(0),))
        token = app.token(desk, PARTNER, None, None)
    finally:
        desk.store.close()
    return Prepared(folder, members, token)
