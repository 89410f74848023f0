"""[notify]: receivers and routes as written, and every fault in them at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Settings, load, load_settings
from config.example import example
from ganzhi.errors import ConfigError
from ganzhi.kind import KINDS


def settings(folder: Path, text: str) -> Settings:
    path = folder / "ganzhi.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


GOOD = """
[console]
public_url = "https://ganzhi.example.cn/"
[[notify.receiver]]
name = "duty"
url_file = "secrets/duty.url"
quiet = "22:00-07:00"
[[notify.receiver]]
name = "siren"
kind = "mqtt"
[[notify.route]]
tiers = ["orange", "red"]
receivers = ["duty", "siren"]
hours = "08:30-18:00"
group_by = ["enterprise", "class"]
wait = "0s"
[[notify.inhibit]]
source.conditions = ["gateway.offline"]
target.classes = ["device"]
equal = ["enterprise"]
"""


def test_settings_are_read_as_written(tmp_path: Path) -> None:
    found = settings(tmp_path, GOOD)
    duty, siren = found.notify.receiver
    (route,) = found.notify.route
    assert found.console.public_url == "https://ganzhi.example.cn"
    assert duty.url_file == str(tmp_path / "secrets/duty.url")
    assert (duty.quiet, duty.simulated, duty.give_up) == ((22 * 60, 7 * 60), False, 86_400.0)
    assert siren.kind == "mqtt"
    assert (route.hours, route.wait, route.repeat, route.tiers) == ((510, 1080), 0.0, 3600.0, ("orange", "red"))
    assert route.classes == ("process", "device")
    assert found.notify.inhibit[0].target.classes == ("device",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[notify.receiver]]\nname = "x"', "notify.receiver[1].url_file: the receiver has no address"),
        ('[[notify.receiver]]\nname = "x"\nkind = "mqtt"\nurl_file = "env:X"', "uses the broker of [mqtt]"),
        ('[[notify.receiver]]\nname = "x"\nkind = "mqtt"\nquiet = "22-7"', "'22-7' are not hours of a day"),
        ('[[notify.receiver]]\nname = "x"\nkind = "mqtt"\nquiet = "07:00-07:00"', "begin and end at once"),
        ('[[notify.receiver]]\nname = "x"\nkind = "mqtt"\n' * 2, "two receivers are called 'x'"),
        ('[[notify.route]]\nreceivers = ["duty"]', "a route leads to 'duty', which is no receiver"),
        ("[[notify.route]]\nreceivers = []", "notify.route[1].receivers"),
        ('[[notify.route]]\nreceivers = ["x"]\ntiers = ["purple"]', "'purple' is not known here"),
        ('[[notify.route]]\nreceivers = ["x"]\ngroup_by = ["point"]', "'point' is not known here"),
        ("[notify]\nroute = 5", "notify.route"),
        ('[[notify.inhibit]]\nsource.conditions = ["x"]', "notify.inhibit[1].target: is missing"),
    ],
)
def test_fault_says_where_and_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        settings(tmp_path, text)
    assert said in str(wrong.value)


def test_route_that_names_what_the_catalogue_has_not_is_a_fault(tmp_path: Path) -> None:
    for path in example("demo").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / "ganzhi.toml"
    demo = path.read_text(encoding="utf-8")
    good = '\n[[notify.receiver]]\nname = "s"\nkind = "mqtt"\n[[notify.route]]\nreceivers = ["s"]\n'
    path.write_text(demo + good + 'enterprises = ["haihe-storage", "_platform"]', encoding="utf-8")
    load(path, KINDS)
    path.write_text(demo + good + 'enterprises = ["haihe"]\nsectors = ["tank"]', encoding="utf-8")
    with pytest.raises(ConfigError) as wrong:
        load(path, KINDS)
    assert "notify.route[1].enterprises: 'haihe' is not in the catalogue" in str(wrong.value)
    assert "notify.route[1].sectors: 'tank' is not in the catalogue" in str(wrong.value)
