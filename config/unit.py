"""The units that points and rules may use, in the spellings that people write."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from config.nearest import nearest

UNITS: Mapping[str, tuple[str, ...]] = {
    # temperature
    "°C": ("degC", "Cel", "deg C", "摄氏度", "度C"),
    "K": ("kelvin", "开尔文"),
    "°F": ("degF", "[degF]", "华氏度"),
    # pressure
    "Pa": ("帕",),
    "hPa": ("百帕",),
    "kPa": ("Kpa", "KPa", "千帕"),
    "MPa": ("Mpa", "兆帕"),
    "bar": ("巴",),
    "mbar": ("毫巴",),
    "mmH₂O": ("mm[H2O]", "毫米水柱"),
    # length
    "mm": ("毫米",),
    "cm": ("厘米",),
    "m": ("米", "metre", "meter"),
    "km": ("公里", "千米"),
    # share and concentration
    "%": ("pct", "百分比"),
    "%LEL": ("LEL%", "%{LEL}", "% LEL"),
    "%VOL": ("VOL%", "%Vol", "%vol", "vol%", "Vol%", "%{VOL}", "%V/V", "体积分数"),
    "%RH": ("RH%", "%{RH}", "相对湿度"),
    "ppm": ("[ppm]", "PPM", "umol/mol", "μmol/mol"),
    "ppb": ("[ppb]", "PPB", "nmol/mol"),
    "mg/m³": ("mg/m^3", "mg/Nm3", "毫克/立方米"),
    "µg/m³": ("ug/m3", "ug/m^3", "μg/m^3", "微克/立方米"),
    "mg/L": ("mg/l", "毫克/升"),
    "LEL·m": ("LEL.m", "LEL*m"),
    "1": ("-", "无量纲", "{1}"),
    "pH": ("PH", "[pH]"),
    "NTU": ("{NTU}",),
    # electricity
    "A": ("安", "安培"),
    "mA": ("毫安",),
    "kA": ("千安",),
    "V": ("伏", "伏特"),
    "mV": ("毫伏",),
    "kV": ("千伏",),
    "W": ("瓦",),
    "kW": ("KW", "千瓦"),
    "MW": ("兆瓦",),
    "kWh": ("KWh", "kW.h", "kW·h", "千瓦时", "度电"),
    "kvar": ("kVar", "kVAr", "千乏"),
    "kVA": ("千伏安",),
    "Ω": ("Ohm", "ohm", "欧", "欧姆"),
    "MΩ": ("MOhm", "兆欧"),
    "Hz": ("HZ", "赫兹"),
    # motion
    "rpm": ("r/min", "rev/min", "转/分", "转/分钟", "{rpm}"),
    "m/s": ("米/秒",),
    "mm/s": ("毫米/秒",),
    "km/h": ("公里/小时", "千米/小时"),
    "kn": ("节", "[kn_i]"),
    "m/s²": ("m/s^2", "米/秒²"),
    "g": ("[g]", "重力加速度"),
    "µm": ("um", "微米"),
    "mm/d": ("毫米/天", "mm/day", "毫米/日"),
    "mm/h": ("毫米/小时",),
    "°": ("deg", "角度"),
    # flow, volume, mass, force
    "m³/h": ("m^3/h", "立方米/小时", "方/小时"),
    "m³/min": ("m^3/min", "立方米/分", "立方米/分钟"),
    "m³/s": ("m^3/s", "立方米/秒"),
    "m³/d": ("m^3/d", "立方米/天", "立方米/日"),
    "Nm³/h": ("Nm^3/h", "标方/小时", "标准立方米/小时"),
    "L/min": ("l/min", "LPM", "升/分", "升/分钟"),
    "L/s": ("l/s", "升/秒"),
    "L/h": ("l/h", "升/小时"),
    "t/h": ("吨/小时",),
    "kg/h": ("千克/小时", "公斤/小时"),
    "kg/s": ("千克/秒",),
    "m³": ("m^3", "立方米"),
    "L": ("l", "升"),
    "t": ("吨",),
    "kg": ("千克", "公斤"),
    "kg/m³": ("kg/m^3", "千克/立方米"),
    "N": ("牛",),
    "kN": ("千牛",),
    "kN·m": ("kN.m", "千牛米"),
    "t·m": ("t.m", "吨米"),
    # time, counts, others
    "s": ("秒",),
    "min": ("分钟",),
    "h": ("小时",),
    "d": ("天",),
    "人": ("person", "persons", "{person}"),
    "次": ("count", "times", "{count}"),
    "dB": ("分贝",),
    "lx": ("lux", "勒克斯"),
    "W/m²": ("W/m^2", "瓦/平方米"),
    "µS/cm": ("uS/cm", "微西门子/厘米"),
}
"""Canonical unit, as pages show it -> other spellings. Folding adds ℃, ㎥, ％, m3 for m³, and spaces."""


def _fold(unit: str) -> str:
    return "".join(unicodedata.normalize("NFKC", unit).split())


KNOWN: Mapping[str, str] = {_fold(name): unit for unit, others in UNITS.items() for name in (unit, *others)}


def canonical(unit: str) -> str | None:
    """The one spelling of a unit under which it is compared; None where it is not known."""
    return KNOWN.get(_fold(unit))


def suggestion(unit: str) -> str:
    """A remedy for an unknown unit: the nearest known one, or where to read them all."""
    found = nearest(_fold(unit), KNOWN)
    if found:
        return f"did you mean {KNOWN[found]!r}?"
    return "write a unit of config/unit.py, such as m, °C, kPa, m³/h, %LEL, or 1 for a bare number"
