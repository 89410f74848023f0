"""Messages -> what a person reads: a title, a text that fits the receiver, and the key by which it is known again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alerting.notify.message import Happening, Message
from alerting.notify.route import Receiver
from alerting.text import SIMULATED
from ganzhi.clock import NS_PER_S, local_text
from ganzhi.records import Text, Tier

DRILL = Text("〔演练〕", "[drill] ")
ADVICE = Text("处置:", "Advice: ")
KEY = Text("编号 ", "Ref ")
SMS_CHARACTERS = 134
"""What two joined SMS of Chinese text hold (3GPP TS 23.040: 140 bytes each, 6 of them a header, UCS-2)."""
TITLE_CHARACTERS = 100
MOST_LINES = 20
"""Lines of one message that are told in full; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one receiver.

    key       the same when it is tried again, so that a receiver can tell what it has had
    messages  its lines, worst first
    """

    key: str
    tier: Tier
    title: str
    body: str
    messages: tuple[Message, ...]


def compose(messages: Sequence[Message], *, key: str, tier: Tier, receiver: Receiver, url: str, most: int) -> Notice:
    """The notice in the receiver's language and form. `most`: characters its service takes; 0: any number."""
    limits = [limit for limit in (most, receiver.most) if limit]
    short = receiver.form == "short"
    limit = min(limits) if limits else SMS_CHARACTERS if short else 0
    english = receiver.language == "en"
    title = _cut(_title(messages, english), TITLE_CHARACTERS)
    if short:
        body = _short(messages, english, url, limit)
        return Notice(key, tier, "", body, tuple(messages))
    languages = {"zh": (False,), "en": (True,), "both": (False, True)}[receiver.language]
    foot = f"{_in(KEY, english)}{key}"
    parts = [_long(messages, in_english, url) for in_english in languages]
    body = _joined(["\n\n".join(part) for part in parts], foot, limit)
    return Notice(key, tier, title, body, tuple(messages))


def trial(receiver: Receiver, site: Text, zone: ZoneInfo, now: int, most: int) -> Notice:
    """A message that only shows whether messages arrive."""
    at = local_text(now, zone)
    message = Message(
        stream="test",
        seq=now // NS_PER_S,
        happening=Happening.NOTED,
        subject="",
        noted=now,
        tier=Tier.BLUE,
        kind="test",
        enterprise="",
        source="",
        sector="",
        district="",
        condition="",
        rule="",
        mark=Text("测试", "test"),
        place=site,
        title=Text("通知测试", "Test message"),
        text=Text(f"这是一条测试消息,无需处置({at})", f"This is a test; nothing has happened ({at})"),
        advice=Text("", ""),
        link="",
    )
    key = f"{message.stream}-{message.seq}"
    return compose([message], key=key, tier=message.tier, receiver=receiver, url="", most=most)


def _title(messages: Sequence[Message], english: bool) -> str:
    first = messages[0]
    title = f"{_marks(first, english)}{_head(first, english)}{_in(first.place, english)} {_in(first.title, english)}"
    if len(messages) == 1:
        return title
    return f"{title} (+{len(messages) - 1})" if english else f"{title} 等 {len(messages)} 条"


def _head(message: Message, english: bool) -> str:
    return f"[{message.mark.en}] " if english else f"【{message.mark.zh}】"


def _marks(message: Message, english: bool) -> str:
    marks = [(message.drill, DRILL), (message.simulated and not message.drill, SIMULATED)]
    return "".join(_in(mark, english) for set_, mark in marks if set_)


def _long(messages: Sequence[Message], english: bool, url: str) -> list[str]:
    told = [_line(message, english, url) for message in messages[:MOST_LINES]]
    left = len(messages) - len(told)
    return [*told, _more(left, english)] if left else told


def _more(left: int, english: bool) -> str:
    return f"and {left} more" if english else f"另有 {left} 条"


def _line(message: Message, english: bool, url: str) -> str:
    text = _in(message.text, english)
    marks = _marks(message, english)
    if text.startswith(_in(SIMULATED, english)) or not marks:
        marks = ""
    lines = [f"{_head(message, english)}{marks}{_in(message.place, english)}", text]
    if _in(message.advice, english):
        lines.append(f"{_in(ADVICE, english)}{_in(message.advice, english)}")
    if url and message.link:
        lines.append(f"{url}/{message.link}")
    return "\n".join(lines)


def _short(messages: Sequence[Message], english: bool, url: str, limit: int) -> str:
    first = messages[0]
    link = f" {url}/{first.link}" if url and first.link else ""
    if len(link) > limit // 2:
        link = ""
    marks = "" if _in(first.text, english).startswith(_in(SIMULATED, english)) else _marks(first, english)
    rest = "" if len(messages) == 1 else f" {_more(len(messages) - 1, english)}"
    text = f"{_head(first, english)}{marks}{_in(first.text, english)}"
    return _cut(text, limit - len(link) - len(rest)) + rest + link


def _joined(parts: Sequence[str], foot: str, limit: int) -> str:
    """All parts, or as much of the first as there is room for; the key at the end is never cut."""
    text = "\n\n".join(parts)
    if not limit or len(text) + len(foot) + 2 <= limit:
        return f"{text}\n\n{foot}"
    return f"{_cut(parts[0], max(1, limit - len(foot) - 2))}\n\n{foot}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(0, most - 1)]}…"


def _in(text: Text, english: bool) -> str:
    return text.en if english else text.zh
