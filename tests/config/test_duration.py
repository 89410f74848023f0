from __future__ import annotations

import pytest

from config.duration import seconds, size_bytes


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500ms", 0.5), ("5s", 5.0), ("1.5 s", 1.5), ("3min", 180.0), ("24h", 86400.0), ("7d", 604800.0), ("0s", 0.0)],
)
def test_seconds_are_read_when_a_duration_has_its_unit(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text", ["", "5", "5m", "s", "-5s", "1e3s", "5s5s", "1h30min", "五s", "５s", "nan s", 5, 5.0, None]
)
def test_duration_is_refused_when_it_is_not_a_number_with_its_unit(text: object) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)


def test_duration_is_refused_when_it_does_not_fit_the_records() -> None:
    assert seconds("36525d") == 36525 * 86400.0
    with pytest.raises(ValueError, match="'36526d' is longer than a hundred years"):
        seconds("36526d")


@pytest.mark.parametrize(
    ("value", "expected"), [(4096, 4096), ("1MiB", 2**20), ("1.5 KiB", 1536), ("2kB", 2000), ("10B", 10)]
)
def test_size_is_read_when_it_is_bytes_or_has_its_unit(value: object, expected: int) -> None:
    assert size_bytes(value) == expected


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "1M", "MiB", "0B", "0.1B", None])
def test_size_is_refused_when_it_is_none(value: object) -> None:
    with pytest.raises(ValueError, match="is not"):
        size_bytes(value)
