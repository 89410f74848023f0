"""Titles and texts, in both languages and both forms, to the length that a receiver takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.notify import Message, Receiver
from alerting.notify.message import Happening
from alerting.notify.words import SMS_CHARACTERS, Notice, compose
from ganzhi.records import Text, Tier
from tests.alerting.notify.stage import message

DUTY = Receiver("duty")


def told(*messages: Message, receiver: Receiver = DUTY, url: str = "https://g.cn", most: int = 0) -> Notice:
    return compose(messages, key="alarm-7", tier=Tier.RED, receiver=receiver, url=url, most=most)


def test_long_form_is_title_sentence_advice_link_and_key() -> None:
    notice = told(message("LT-101", Tier.RED))
    assert notice.title == "【红色报警】海河石化仓储 一号罐区 液位高"
    assert notice.body == (
        "【红色报警】海河石化仓储 一号罐区\n"
        "一号罐区 LT-101 为 14.41 m(2026-05-01 08:01:00)\n"
        "处置:停止进料\n"
        "https://g.cn/#alarm=LT-101\n"
        "\n"
        "编号 alarm-7"
    )


def test_english_form_says_the_same() -> None:
    notice = told(message("LT-101", Tier.RED), receiver=replace(DUTY, language="en"))
    assert notice.title == "[red alarm] Haihe Storage, Tank area 1 Level high"
    assert notice.body.splitlines()[1:3] == ["Tank area 1 LT-101 is 14.41 m", "Advice: Stop the inflow"]
    assert notice.body.endswith("Ref alarm-7")


def test_both_languages_have_chinese_first() -> None:
    body = told(message("LT-101", Tier.RED), receiver=replace(DUTY, language="both")).body
    assert body.index("停止进料") < body.index("Stop the inflow")


@pytest.mark.parametrize(
    ("happening", "zh", "en"),
    [
        (Happening.WORSENED, "【升为橙色】", "[now orange]"),
        (Happening.ENDED, "【已恢复】", "[cleared]"),
        (Happening.REPEATED, "【橙色报警 仍未确认】", "[orange, still unacknowledged]"),
        (Happening.RETURNED, "【橙色报警】", "[orange alarm]"),
    ],
)
def test_title_says_what_happened(happening: Happening, zh: str, en: str) -> None:
    line = message("a", Tier.ORANGE, happening)
    assert told(line).title.startswith(zh)
    assert told(line, receiver=replace(DUTY, language="en")).title.startswith(en)


def test_simulation_and_drill_are_marked_first_and_once() -> None:
    simulated = message("a", simulated=True, text=Text("〔模拟〕一号罐区", "[simulated] Tank area 1"))
    assert told(simulated).title.startswith("〔模拟〕【橙色报警】")
    assert told(simulated).body.count("〔模拟〕") == 1
    drilled = message("a", simulated=True, drill=True)
    assert told(drilled).title.startswith("〔演练〕")
    assert "〔演练〕" in told(drilled).body
    assert told(drilled, receiver=replace(DUTY, form="short")).body.startswith("【橙色报警】〔演练〕")


def test_several_lines_are_counted_in_the_title_and_told_one_by_one() -> None:
    notice = told(*(message(f"a{n}") for n in range(25)))
    assert notice.title.endswith(" 等 25 条")
    assert notice.body.count("处置:停止进料") == 20
    assert "另有 5 条" in notice.body


def test_short_form_fits_one_sms_and_keeps_the_link() -> None:
    notice = told(message("LT-101", Tier.RED), receiver=replace(DUTY, form="short"))
    assert notice.title == ""
    assert notice.body == "【红色报警】一号罐区 LT-101 为 14.41 m(2026-05-01 08:01:00) https://g.cn/#alarm=LT-101"
    wordy = replace(message("LT-101", Tier.RED), text=Text("很长" * 100, "long" * 100))
    body = told(wordy, receiver=replace(DUTY, form="short")).body
    assert len(body) == SMS_CHARACTERS
    assert body.endswith("很长… https://g.cn/#alarm=LT-101")


@given(
    st.integers(40, 400), st.sampled_from(["long", "short"]), st.sampled_from(["zh", "en", "both"]), st.integers(1, 5)
)
def test_no_text_is_longer_than_its_receiver_takes(most: int, form: str, language: str, count: int) -> None:
    lines = [message(f"LT-{n}", Tier.RED) for n in range(count)]
    receiver = replace(DUTY, form=form, language=language, most=most)
    for url in ("", "https://g.cn", f"https://{'long' * 30}.cn"):
        body = told(*lines, receiver=receiver, url=url, most=1000).body
        assert len(body) <= most
        assert form == "short" or body.endswith("alarm-7")
