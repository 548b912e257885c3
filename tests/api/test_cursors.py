import pytest

from second_opinion.api.cursors import LIFETIME, Cursor, CursorExpired, Cursors
from second_opinion.errors import InvalidSearch

CURSOR = Cursor("Task", (("patient", "Patient/pt-1"), ("_sort", "due")), (-(2**63), "ü", None, 2**62))
AT = 1_790_000_000.0


def test_cursor_comes_back_as_it_was_sealed_in_another_process() -> None:
    sealed = Cursors(b"key").seal(CURSOR, "clinic", AT)

    assert Cursors(b"key").open(sealed, "Task", "clinic", AT) == CURSOR


def test_cursor_without_a_position_starts_anew() -> None:
    cursors = Cursors(b"key")

    assert cursors.open(cursors.seal(Cursor("Task"), "clinic", AT), "Task", "clinic", AT) == Cursor("Task")


def test_cursor_lives_to_its_last_second() -> None:
    cursors = Cursors(b"key")
    sealed = cursors.seal(CURSOR, "clinic", AT)

    assert cursors.open(sealed, "Task", "clinic", AT + LIFETIME - 1) == CURSOR
    with pytest.raises(CursorExpired) as expired:
        cursors.open(sealed, "Task", "clinic", AT + LIFETIME)
    assert (expired.value.status, expired.value.issue) == (410, "expired")


@pytest.mark.parametrize(
    ("path", "caller", "key"), [("Claim", "clinic", b"key"), ("Task", "b", b"key"), ("Task", "clinic", b"x")]
)
def test_cursor_of_another_search_caller_or_service_is_refused(path: str, caller: str, key: bytes) -> None:
    sealed = Cursors(b"key").seal(CURSOR, "clinic", AT)

    with pytest.raises(InvalidSearch):
        Cursors(key).open(sealed, path, caller, AT)


@pytest.mark.parametrize("text", ["", "x", "a.b.c.d.e", "....", "é", "\x00", "null"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidSearch):
        Cursors(b"key").open(text, "Task", "clinic", AT)


def test_no_part_of_a_cursor_can_be_changed() -> None:
    cursors = Cursors(b"key")
    sealed = cursors.seal(CURSOR, "clinic", AT)
    for place in range(len(sealed) - 2):  # the last character's spare bits may differ in base64
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(InvalidSearch):
            cursors.open(changed, "Task", "clinic", AT)
