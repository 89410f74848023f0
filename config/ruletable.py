"""A rule as a pack writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from config.amount import Amount, Amounted
from config.document import Document, KeyPath, Step, dotted
from config.duration import Duration
from config.explain import Wrong, shown
from config.ident import ident_fault
from config.kind import Kind
from config.subject import Per
from config.table import STRICT, Ident, Named, NameTable
from ganzhi.records import COLOURS, SuppressWhen

COLOUR_NAMES = tuple(tier.name.lower() for tier in COLOURS)


def _words(value: object) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) and word for word in words):
        raise Wrong(f"{shown(value)} is neither a name nor a list of names", 'write "level" or ["level", "pressure"]')
    return tuple(words)


def _condition(name: str) -> str:
    fault = ident_fault(name) if name else ""
    if fault:
        raise Wrong(fault, "write a name such as level.high")
    return name


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]


class SelectTable(BaseModel):
    """Which points a rule watches: those that fit every key given; an empty table is all points."""

    model_config = STRICT
    quantity: Words = ()
    sector: Words = ()
    enterprise: Words = ()
    source: Words = ()
    tags: Words = ()
    points: Words = ()


class LimitsTable(BaseModel):
    """A limit for each colour that the rule can give."""

    model_config = STRICT
    blue: Amounted | None = None
    yellow: Amounted | None = None
    orange: Amounted | None = None
    red: Amounted | None = None

    def given(self) -> dict[str, Amount]:
        """The limits that are there, mildest colour first."""
        found = {colour: getattr(self, colour) for colour in COLOUR_NAMES}
        return {colour: limit for colour, limit in found.items() if limit is not None}


class SuppressTable(BaseModel):
    """suppress_when: what suppresses the alarms of the rule by design."""

    model_config = STRICT
    rule: str = ""
    tier: Literal["blue", "yellow", "orange", "red"] = "blue"
    tag: str = ""
    quantity: str = ""
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _agree(self) -> SuppressTable:
        if sum(map(bool, (self.rule, self.tag, self.quantity))) != 1:
            raise Wrong("it needs one of rule, tag and quantity", 'write { tag = "XS-101", below = 0.5 }')
        if not self.rule and self.above is None and self.below is None:
            raise Wrong("there is no bound of the reading", "add above or below")
        if self.rule and not (self.above is None and self.below is None):
            raise Wrong("another rule has no reading to bound", "remove above and below, or name a tag")
        return self

    def resolved(self) -> SuppressWhen:
        tier = COLOURS[COLOUR_NAMES.index(self.tier)]
        return SuppressWhen(self.rule, tier, self.tag, self.quantity, self.above, self.below)


class AdviceTable(BaseModel):
    """处置建议: what to do."""

    model_config = STRICT
    zh: str = ""
    en: str = ""


class RuleTable(BaseModel):
    """[[rule]]"""

    model_config = STRICT
    id: Ident
    name: NameTable
    kind: Named
    select: SelectTable
    limits: LimitsTable = LimitsTable()
    per: Per | None = None
    distance_m: Annotated[float, Field(gt=0)] | None = None
    side: Literal["high", "low"] | None = None
    deadband: Amounted = Amount(0.0)
    unit: str = ""
    on_delay: Duration = 0.0
    off_delay: Duration = 0.0
    repeat: Duration = 0.0
    latch: bool = False
    condition: Annotated[str, AfterValidator(_condition)] = ""
    alarm_class: Annotated[Literal["process", "device"], Field(alias="class")] = "process"
    options: dict[str, Any] = {}
    basis: str = ""
    advice: AdviceTable = AdviceTable()
    suppress_when: SuppressTable | None = None


class PackTable(BaseModel):
    """The file; its rules are checked one by one."""

    model_config = STRICT
    name: NameTable | None = None
    rule: Annotated[tuple[dict[str, Any], ...], Field(strict=False)] = ()


def rule_place(document: Document, keys: KeyPath, name: object, rest: Sequence[Step]) -> str:
    """`pack.toml:7: rule level.high: limits.blue`, or `rule 3` where the rule at `keys` has no id."""
    title = f"rule {name}" if isinstance(name, str) and name else f"rule {int(keys[-1]) + 1}"
    return document.place((*keys, *rest), shown=f"{title}: {dotted(tuple(rest))}" if rest else title)


@dataclass(frozen=True, slots=True)
class Written:
    """A rule as its pack says it, with what its kind makes of it.

    per       what it judges: each point, or those of a source, … as one
    options   with an Amount for each option that is a value of each point
    """

    table: RuleTable
    kind: Kind
    side: str
    per: Per
    options: Mapping[str, object]
    document: Document
    keys: KeyPath

    def place(self, *keys: Step) -> str:
        """Where it is said: file, line, rule and key."""
        return rule_place(self.document, self.keys, self.table.id, keys)
