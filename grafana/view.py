"""What a dashboard is drawn from: the watched site, its rules, and the language of the people who look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from ganzhi.records import COLOURS, Catalogue, Rule, Source, Text, Tier

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

PAINT = {
    Tier.NONE: "#2F5D50",
    Tier.BLUE: "#3274D9",
    Tier.YELLOW: "#F2CC0C",
    Tier.ORANGE: "#FF780A",
    Tier.RED: "#E02F44",
}
"""Colours as Grafana draws them, on dark and on light themes."""

COLOUR_TEXT = {
    Tier.NONE: Text("无", "None"),
    Tier.BLUE: Text("蓝", "Blue"),
    Tier.YELLOW: Text("黄", "Yellow"),
    Tier.ORANGE: Text("橙", "Orange"),
    Tier.RED: Text("红", "Red"),
}

WORST_FIRST = tuple(reversed(COLOURS))


def overview_uid(language: Language) -> str:
    """The overview's uid in a language; Chinese has the plain one."""
    return "ganzhi-overview" if language == "zh" else f"ganzhi-overview-{language}"


@dataclass(frozen=True, slots=True)
class View:
    """A site as one dashboard shows it; `others` are the languages that it is also shown in."""

    catalogue: Catalogue
    rules: Sequence[Rule]
    zone: ZoneInfo
    language: Language = "zh"
    others: tuple[Language, ...] = ()

    def say(self, zh: str, en: str) -> str:
        """The text of the view's language."""
        return zh if self.language == "zh" else en

    def pick(self, text: Text) -> str:
        """The same of a text that comes as a record."""
        return self.say(text.zh, text.en)

    def source_name(self, source: Source) -> str:
        """A source with its enterprise, by name."""
        enterprise = self.catalogue.enterprises.get(source.enterprise)
        owner = self.pick(enterprise.name) if enterprise else source.enterprise
        return f"{owner} · {self.pick(source.name)}"
