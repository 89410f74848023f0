from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import load
from ganzhi.errors import ConfigError
from tests.config.site import KINDS, RULES, SETTINGS, sentences, write_site


def test_configuration_is_whole_when_the_site_is_good(tmp_path: Path) -> None:
    configuration = load(write_site(tmp_path), KINDS)
    assert configuration.settings.site.packs == (tmp_path / "rules.toml",)
    assert len(configuration.catalogue.points) == 4
    assert [rule.id for rule in configuration.rules] == ["level.high"]
    assert configuration.warnings == ()


def test_catalogue_and_rules_are_checked_when_the_settings_are_wrong(tmp_path: Path) -> None:
    path = write_site(tmp_path, settings=SETTINGS + "catalog = 1\n", rules=RULES.replace('"85 %"', '"95 %"'))
    (tmp_path / "points.csv").unlink()
    with pytest.raises(ConfigError) as caught:
        load(path, KINDS)
    assert [fault.partition(" (")[0] for fault in sentences(caught.value)] == [
        "ganzhi.toml: site.catalog: unknown key 'catalog'",
        f"points.csv: there is no such file: {tmp_path}/points.csv",
        "rules.toml:8: rule level.high: limits: the limits are in the wrong order: orange = 95 %, red = 90 %",
    ]


def test_warning_is_given_when_no_pack_is_named(tmp_path: Path) -> None:
    configuration = load(write_site(tmp_path, settings=""), KINDS)
    assert configuration.rules == ()
    assert [str(warning) for warning in configuration.warnings] == [
        'ganzhi.toml: site.packs: no rule pack is named, so nothing can raise an alarm (write packs = ["tank_farm"])'
    ]


def test_codec_is_refused_when_it_is_not_one_of_those_known(tmp_path: Path) -> None:
    path = write_site(tmp_path, settings=SETTINGS + '[[mqtt.routes]]\ncodec = "jsno"\n')
    assert load(path, KINDS).settings.mqtt.routes[0].codec == "jsno"
    with pytest.raises(ConfigError) as caught:
        load(path, KINDS, codecs=("json", "senml"))
    assert sentences(caught.value) == ["ganzhi.toml: mqtt.routes[1].codec: unknown codec 'jsno' (did you mean 'json'?)"]


KEYS = st.sampled_from(
    [
        *(
            "site",
            "mqtt",
            "mqtt.routes",
            "store",
            "site.packs",
            "site.catalogue",
            "mqtt.url",
            "store.kind",
            "store.url",
        ),
        *("ledger.url", "rule", "id", "name.zh", "name.en", "kind", "select", "select.tags", "limits", "limits.blue"),
        *("limits.red", "unit", "options", "options.target", "side", "deadband", "class", "basis", "condition", "x"),
    ]
)
VALUES = st.sampled_from(
    [
        *(
            "1",
            "-1.5",
            "nan",
            "inf",
            "true",
            '""',
            '"x"',
            '"85 %"',
            "[]",
            "[1]",
            '["a"]',
            "{}",
            "{a = 1}",
            "1979-05-27",
        ),
        *(
            '"value"',
            '"forecast"',
            '"high"',
            '"m"',
            '"min"',
            "[{}]",
            '"\\u0000"',
            '"sqlite:///x"',
            '"mqtt://["',
            '"//"',
        ),
        *(
            "[[]]",
            '{zh = "a", en = "b"}',
            "{blue = 1, red = 2}",
            '"tank_farm"',
            '"rules.toml"',
            '"."',
            '"env:"',
            '"~/x"',
        ),
    ]
)
LINES = st.one_of(
    st.tuples(KEYS, VALUES).map(" = ".join),
    st.sampled_from(["[[rule]]", "[site]", "[mqtt]", "[store]", "[[mqtt.routes]]", "[rule]"]),
    st.text(max_size=12),
)
TABLES = st.lists(LINES, max_size=8).map("\n".join)


@given(TABLES, TABLES)
def test_nothing_but_faults_is_raised_when_settings_and_rules_are_noise(settings: str, rules: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = write_site(Path(name))
        path.write_bytes(settings.encode("utf-8", "surrogatepass"))
        (path.parent / "rules.toml").write_bytes(rules.encode("utf-8", "surrogatepass"))
        for text in (settings, SETTINGS):
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            try:
                load(path, KINDS)
            except ConfigError as error:
                assert error.faults
