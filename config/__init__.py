"""Settings, site catalogue and rule packs: files on disk -> Configuration, or every fault at once."""

from config.catalogue import load_catalogue
from config.check import Configuration, load
from config.example import example
from config.kind import PER_POINT, POLYGONS, RULE_IDS, Kind, Option, PerUnit
from config.pack import load_rules
from config.responsibility import case_policy, responsibility, warning_policy
from config.secret import secret
from config.settings import Settings, load_settings
from config.unit import canonical

__all__ = [
    "PER_POINT",
    "POLYGONS",
    "RULE_IDS",
    "Configuration",
    "Kind",
    "Option",
    "PerUnit",
    "Settings",
    "canonical",
    "case_policy",
    "example",
    "load",
    "load_catalogue",
    "load_rules",
    "load_settings",
    "responsibility",
    "secret",
    "warning_policy",
]
