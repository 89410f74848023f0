"""The short chaos run: 20 kills, and nothing lost, judged twice or told twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.chaos import SHORT_KILLS, SHORT_READINGS, Options, run
from tests.servers import program

LIMIT_S = 420
ZEROS = (
    "missing", "duplicated", "altered", "never_published", "uncounted", "late", "conflicts", "alarms_missed",
    "alarms_repeated", "alarms_unexpected", "alarms_disordered", "notifications_repeated", "notifications_missed",
    "platform_crashes",
)  # fmt: skip


@pytest.fixture(autouse=True)
def servers() -> None:
    if program("mosquitto") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    if program("influxd") is None:
        pytest.skip("influxd is not installed (apt-get install influxdb)")


@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize(
    ("receipts", "kills", "readings"),
    [(True, SHORT_KILLS, SHORT_READINGS), (False, SHORT_KILLS // 3, SHORT_READINGS // 4)],
    ids=["with receipts", "without receipts"],
)
def test_nothing_is_lost_or_told_twice_when_everything_is_killed(
    tmp_path: Path, receipts: bool, kills: int, readings: int
) -> None:
    said: list[str] = []
    options = Options(kills=kills, readings=readings, seed=4, receipts=receipts, keep=tmp_path / "kept")
    figures, why = run(options, said.append)
    found = {figure.name: figure.value for figure in figures}
    story = "\n".join([*said, *why])
    assert {name: found[name] for name in ZEROS} == dict.fromkeys(ZEROS, 0.0), story
    assert found["kills"] == kills, story
    assert found["published"] == found["stored"] == readings, story
    assert found["alarms_raised"] == found["alarms_expected"], story
    assert found["quiet_s"] is not None, story
