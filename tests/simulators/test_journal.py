"""The file behind a gateway's buffer: cut or damaged anywhere, every record before that place is there again."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from ganzhi.errors import Unavailable
from simulators.buffer import Buffer
from simulators.journal import RECORD, Journal, Kept
from tests.full_disk import no_file_above

LINES = [b'{"seq":%d,"values":{"A":1}}' % number for number in range(1, 6)]
SIZE = 10_000_000


def kept(folder: Path) -> Kept:
    journal = Journal(folder, SIZE)
    found = journal.open()
    journal.close()
    return found


def written(folder: Path, *, size: int = SIZE) -> Path:
    """A journal of five messages, as a killed process leaves it; its file."""
    journal = Journal(folder, size)
    journal.open()
    for number, lines in enumerate(LINES, 1):
        journal.add(number, number, lines)
    journal.close()
    return max(folder.glob("*.journal"))


def test_everything_is_there_again_without_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    written(tmp_path)
    for _ in range(3):
        found = kept(tmp_path)
        assert found.messages == [(number, number, lines) for number, lines in enumerate(LINES, 1)]
        assert (found.last, found.done, found.heard, found.damaged) == (5, 0, False, False)
    assert caplog.text == ""


def test_all_complete_records_are_kept_when_the_file_ends_at_any_byte(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = written(tmp_path / "whole").read_bytes()
    ends = [RECORD.size + number * (RECORD.size + len(LINES[0])) for number in range(6)]
    assert ends[-1] == len(whole)
    for size in range(len(whole)):
        folder = tmp_path / "cut"
        folder.mkdir()
        (folder / "000000001.journal").write_bytes(whole[:size])
        complete = sum(end <= size for end in ends[1:])
        caplog.clear()
        found = kept(folder)
        assert [message[0] for message in found.messages] == list(range(1, complete + 1))
        assert found.damaged == (size not in {0, *ends})
        assert ("damaged bytes at its end were cut off" in caplog.text) == found.damaged
        assert not kept(folder).damaged
        shutil.rmtree(folder)


def test_what_stands_before_a_damaged_byte_is_kept_and_numbers_jump(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path)
    data = bytearray(path.read_bytes())
    data[-2 * (RECORD.size + len(LINES[0])) - 3] ^= 1  # in the third message
    path.write_bytes(data)
    buffer = Buffer(most=10, most_bytes=SIZE, folder=tmp_path)
    with caplog.at_level(logging.INFO):
        buffer.open(begin=1000)
    assert len(buffer) == 2
    buffer.add(b"{}", 1)
    assert (buffer.oldest, buffer.last) == (1, 1000)
    buffer.close()
    assert "damaged bytes at its end were cut off; all before is kept" in caplog.text
    assert "2 messages were kept from before, the oldest is number 1" in caplog.text


def test_done_messages_are_gone_and_numbers_stay_when_it_is_opened_again(tmp_path: Path) -> None:
    written(tmp_path)
    journal = Journal(tmp_path, SIZE)
    journal.open()
    journal.refused(4, 4)
    journal.done(2, 5, heard=True)
    journal.close()
    found = kept(tmp_path)
    assert [message[0] for message in found.messages] == [3, 5]
    assert (found.last, found.done, found.heard) == (5, 2, True)
    journal = Journal(tmp_path, SIZE)
    journal.open()
    journal.done(5, 5, heard=True)
    journal.close()
    found = kept(tmp_path)
    assert (found.messages, found.last, found.done, found.heard) == ([], 5, 5, True)


def test_disk_use_stays_near_the_size_of_the_buffer(tmp_path: Path) -> None:
    size, lines = 80_000, b"x" * 1000
    journal = Journal(tmp_path, size)
    journal.open()
    for number in range(1, 2001):
        journal.add(number, number, lines)
        journal.done(number - 60, number, heard=True)
    used = sum(path.stat().st_size for path in tmp_path.glob("*.journal"))
    journal.close()
    assert used < 1.5 * size
    assert [message[0] for message in kept(tmp_path).messages] == list(range(1941, 2001))


def test_full_disk_is_told_and_keeps_what_was_written_before(tmp_path: Path) -> None:
    buffer = Buffer(most=100, most_bytes=SIZE, folder=tmp_path)
    buffer.open(begin=1)
    with no_file_above(2100):
        with pytest.raises(Unavailable, match="cannot keep another message"):
            for _ in range(100):
                buffer.add(b"x" * 300, 1)
        before = buffer.last
        with pytest.raises(Unavailable, match="cannot keep another message"):
            buffer.add(b"x" * 300, 1)
        buffer.add(b"y", 1)  # a small one still fits behind the last complete record
    assert buffer.last == before + 1
    buffer.close()
    found = kept(tmp_path)
    assert not found.damaged
    assert [message[0] for message in found.messages] == list(range(1, before + 2))
