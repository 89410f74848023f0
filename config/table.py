"""What the tables of catalogues and packs have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from config.explain import Wrong
from config.ident import REMEDY, ident_fault
from ganzhi.records import Text


def _ident(name: str) -> str:
    fault = ident_fault(name)
    if fault:
        raise Wrong(fault, REMEDY)
    return name


Ident = Annotated[str, AfterValidator(_ident)]
Named = Annotated[str, Field(min_length=1)]
STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class NameTable(BaseModel):
    """name.zh and name.en."""

    model_config = STRICT
    zh: Named
    en: Named

    def text(self) -> Text:
        return Text(self.zh, self.en)
