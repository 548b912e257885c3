import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import orjson
import pytest
from joserfc.jwk import ECKey, OctKey

from second_opinion.access.keys import WrongKeyFile, signing_key


def test_key_is_made_at_first_need_and_found_again(tmp_path: Path) -> None:
    file = tmp_path / "data" / "keys" / "issuer.json"

    first, second = signing_key(file), signing_key(file)

    assert first.as_dict(private=True) == second.as_dict(private=True)
    assert first.as_dict(private=True)["crv"] == "P-384"


def test_only_the_owner_may_read_the_key(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "issuer.json"

    signing_key(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_all_who_ask_at_once_get_one_key_and_no_draft_stays(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "issuer.json"
    together = Barrier(8)

    def ask(_: int) -> str:
        together.wait()
        return str(signing_key(file).thumbprint())

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(ask, range(8)))

    assert len(found) == 1
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"not JSON",
        b"{}",
        orjson.dumps(ECKey.generate_key("P-384").as_dict(private=False)),
        orjson.dumps(ECKey.generate_key("P-256").as_dict(private=True)),
        orjson.dumps(OctKey.generate_key(256).as_dict(private=True)),
    ],
    ids=["empty", "list", "text", "no key", "public", "other curve", "shared"],
)
def test_file_without_a_key_to_sign_with_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "issuer.json"
    file.write_bytes(content)

    with pytest.raises(WrongKeyFile, match=r"issuer\.json: must hold a private key"):
        signing_key(file)
    assert file.read_bytes() == content
