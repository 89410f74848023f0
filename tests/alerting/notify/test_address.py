"""Messages at a real SMTP server and a real webhook, and what is known of those that fail."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.notify import Address, Receiver
from alerting.notify.address import redacted, secrets
from alerting.notify.robot import signature
from alerting.notify.words import Notice, compose
from ganzhi.errors import ConfigError, Unavailable
from ganzhi.records import Tier
from tests.alerting.notify.far import Hook, hanging, smtp, webhook
from tests.alerting.notify.stage import message
from tests.servers import free_port

TOKEN = "S3cr3tt0ken0"


def notice(receiver: Receiver | None = None) -> Notice:
    receiver = receiver or Receiver("duty")
    return compose([message("a1")], key="alarm-7", tier=Tier.ORANGE, receiver=receiver, url="https://g.cn", most=0)


def test_mail_arrives_with_subject_text_and_key() -> None:
    with smtp() as letters:
        url = f"mailto://127.0.0.1:{letters.port}?from=ganzhi@example.cn&to=duty@example.cn&format=text"
        Address(name="mail", url=url, timeout_s=5).send(notice())
        assert letters.subjects == ["【橙色报警】海河石化仓储 一号罐区 液位高"]
        (body,) = letters.bodies
        assert "一号罐区 a1 为 14.41 m(2026-05-01 08:01:00)" in body
        assert "https://g.cn/#alarm=a1" in body
        assert "编号 alarm-7" in body


def test_webhook_gets_text_and_fields() -> None:
    with webhook() as hook:
        url = f"json://127.0.0.1:{hook.port}/hook/{TOKEN}?:site=binhai"
        Address(name="hook", url=url, timeout_s=5).send(notice())
        ((_, path, document),) = hook.came
    assert path == f"/hook/{TOKEN}"
    assert document["title"] == "【橙色报警】海河石化仓储 一号罐区 液位高"
    assert "停止进料" in document["message"]
    wanted = {"key": "alarm-7", "tier": "orange", "happening": "raised", "subject": "a1", "site": "binhai"}
    assert wanted.items() <= document.items()
    assert document["simulated"] == "false"


@pytest.fixture
def log() -> Iterator[list[str]]:
    """All that would be logged, however much was asked for."""
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    root, keep = logging.getLogger(), Keep()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    yield said
    root.setLevel(level)
    root.removeHandler(keep)


def test_failure_says_why_and_shows_no_secret(log: list[str]) -> None:
    with webhook() as hook, hanging() as silent:
        hook.status = 500
        ports = {hook.port: "500", free_port(): "onnection", silent: "onnection"}
        for port, said in ports.items():
            url = f"json://{TOKEN}user:{TOKEN}@127.0.0.1:{port}/hook/{TOKEN}?-token={TOKEN}"
            with pytest.raises(Unavailable) as failed:
                Address(name="hook", url=url, timeout_s=0.5).send(notice())
            assert said in str(failed.value)
            assert TOKEN not in str(failed.value)
    url = f"mailto://{TOKEN}:{TOKEN}@127.0.0.1:{free_port()}?from=ganzhi@example.cn&to=duty@example.cn"
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1") as failed:
        Address(name="mail", url=url, timeout_s=0.5).send(notice())
    assert TOKEN not in str(failed.value)
    assert not [line for line in log if TOKEN in line]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"nonsense://{TOKEN}", "none that apprise knows"),
        (TOKEN, "none that apprise knows"),
        (f"mailto://u:{TOKEN}@127.0.0.1:25?from=a@example.cn&to=b@example.cn,c@example.cn", "several recipients"),
    ],
)
def test_address_that_cannot_be_used_is_refused_at_the_start_and_not_shown(url: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as refused:
        Address(name="bad", url=url, timeout_s=1)
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "wecombot://693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa",
        "dingtalk://secret@tokentoken00",
        "feishu://tokentoken00",
        "jsons://user:pass%20word@hook.example.cn:8443/services/T000/B000?+Authorization=Bearer%20abcdef",
        "mailtos://user:password@example.cn?smtp=smtp.example.cn&to=duty@example.cn",
    ],
)
def test_addresses_of_the_services_people_use_are_known_and_wholly_secret(url: str) -> None:
    Address(name="x", url=url, timeout_s=1)
    rest = url.partition("://")[2]
    assert rest not in redacted(f"cannot send to {url}", secrets(url))
    for piece in ("tokentoken00", "password", "pass word", "T000", "abcdef"):
        if piece in rest.replace("%20", " "):
            assert piece not in redacted(f"x {piece} {rest.replace('%20', ' ')}", secrets(url)), piece


@given(st.text(), st.text(min_size=4))
def test_secret_is_gone_from_whatever_text(text: str, secret: str) -> None:
    assert secret not in redacted(f"{text}{secret}", [secret]) or secret in "***"


def answering(hook: Hook, code: int) -> None:
    hook.answer = f'{{"errcode": {code}, "errmsg": "keywords not in content {TOKEN}"}}'.encode()


@pytest.mark.parametrize("scheme", ["wecombot", "dingtalk"])
def test_robot_that_refuses_with_status_200_is_not_taken_for_one_that_took_it(scheme: str) -> None:
    with webhook() as hook:
        robot = Address(name="group", url=f"{scheme}://{TOKEN}?base=http://127.0.0.1:{hook.port}", timeout_s=5)
        answering(hook, 310000)
        with pytest.raises(Unavailable, match="errcode 310000, keywords not in content") as refused:
            robot.send(notice())
        assert TOKEN not in str(refused.value)
    with webhook() as hook:
        robot = Address(name="group", url=f"{scheme}://{TOKEN}?base=http://127.0.0.1:{hook.port}", timeout_s=5)
        answering(hook, 0)
        robot.send(notice())
        ((_, path, document),) = hook.came
    assert TOKEN in path
    assert document["text"]["content"].startswith("【橙色报警】海河石化仓储 一号罐区 液位高\n")


def test_robot_signs_as_dingtalk_asks() -> None:
    with webhook() as hook:
        answering(hook, 0)
        Address(name="g", url=f"dingtalk://SECabc@{TOKEN}?base=http://127.0.0.1:{hook.port}", timeout_s=5).send(
            notice()
        )
        query = parse_qs(urlsplit(hook.came[0][1]).query)
    assert query["access_token"] == [TOKEN]
    assert {"sign": query["sign"][0], "timestamp": query["timestamp"][0]} == signature(
        "SECabc", int(query["timestamp"][0])
    )


def test_robot_that_does_not_answer_is_down() -> None:
    with hanging() as port:
        robot = Address(name="g", url=f"wecombot://{TOKEN}?base=http://127.0.0.1:{port}", timeout_s=0.3)
        with pytest.raises(Unavailable, match="ReadTimeout") as failed:
            robot.send(notice())
        assert TOKEN not in str(failed.value)
    robot = Address(name="g", url=f"wecombot://{TOKEN}?base=http://127.0.0.1:{free_port()}", timeout_s=0.3)
    with pytest.raises(Unavailable, match="ConnectionError"):
        robot.send(notice())


def test_text_leaves_room_for_the_bytes_that_a_robot_counts() -> None:
    robot = Address(name="g", url=f"wecombot://{TOKEN}", timeout_s=1)
    assert len(("汉" * (robot.most + 101)).encode()) <= 2048
