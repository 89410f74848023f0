"""What the tables of ganzhi.toml have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from config.explain import Finding, Wrong


class Section(BaseModel):
    """A table of ganzhi.toml: frozen, strict, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @classmethod
    def across(cls, given: Mapping[str, Any]) -> list[Finding]:
        """What is wrong between the keys of the table as they were given."""
        return []

    @model_validator(mode="after")
    def _agree(self) -> Section:
        findings = self.across({name: getattr(self, name) for name in self.model_fields_set})
        if findings:
            raise Wrong.several(findings)
        return self
