"""Codes and ids as the words and colours that people know."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, ValueMap, ValueMappingResult

from ganzhi.records import AlarmClass, AlarmState, Change, Text, Tier
from grafana.view import COLOUR_TEXT, PAINT, View

STATE_TEXT: Mapping[str, Text] = {
    AlarmState.NORMAL: Text("正常", "Normal"),
    AlarmState.UNACKNOWLEDGED: Text("未确认", "Unacknowledged"),
    AlarmState.ACKNOWLEDGED: Text("已确认", "Acknowledged"),
    AlarmState.RETURNED_UNACKNOWLEDGED: Text("已恢复未确认", "Returned, unacknowledged"),
    AlarmState.LATCHED_UNACKNOWLEDGED: Text("锁存未确认", "Latched, unacknowledged"),
    AlarmState.LATCHED_ACKNOWLEDGED: Text("锁存已确认", "Latched, acknowledged"),
}
CLASS_TEXT: Mapping[str, Text] = {
    AlarmClass.PROCESS: Text("工艺", "Process"),
    AlarmClass.DEVICE: Text("设备", "Device"),
}
CHANGE_TEXT: Mapping[str, Text] = {
    Change.RAISED: Text("发生", "Raised"),
    Change.WORSENED: Text("升级", "Worsened"),
    Change.EASED: Text("降级", "Eased"),
    Change.UPDATED: Text("更新", "Updated"),
    Change.CLEARED: Text("消除", "Cleared"),
    Change.ACKNOWLEDGED: Text("确认", "Acknowledged"),
    Change.RESET: Text("复位", "Reset"),
    Change.RETROSPECTIVE: Text("补报", "Retrospective"),
    Change.SHELVED: Text("搁置", "Shelved"),
    Change.UNSHELVED: Text("取消搁置", "Unshelved"),
    Change.SUPPRESSED: Text("设计抑制", "Suppressed by design"),
    Change.RELEASED: Text("解除抑制", "Released"),
    Change.OUT_OF_SERVICE: Text("停用", "Out of service"),
    Change.IN_SERVICE: Text("恢复使用", "Back in service"),
    Change.GROUPED: Text("归入事件", "Grouped"),
}
SIMULATED_TEXT: Mapping[str, Text] = {"true": Text("模拟", "Simulated"), "false": Text("", "")}


def tiers(view: View) -> ValueMap:
    """0 to 4 as 无 蓝 黄 橙 红, each in its colour."""
    return ValueMap(
        {
            str(int(tier)): ValueMappingResult(text=view.pick(COLOUR_TEXT[tier]), color=PAINT[tier], index=index)
            for index, tier in enumerate(Tier)
        }
    )


def words(view: View, texts: Mapping[str, Text]) -> DynamicConfigValue:
    """The field property that shows each code as its text."""
    options = {code: ValueMappingResult(text=view.pick(text), index=n) for n, (code, text) in enumerate(texts.items())}
    return DynamicConfigValue("mappings", [ValueMap(options)])


def enterprise_names(view: View) -> DynamicConfigValue:
    """The field property that shows an enterprise's id as its name."""
    return words(view, {enterprise.id: enterprise.name for enterprise in view.catalogue.enterprises.values()})


def source_names(view: View) -> DynamicConfigValue:
    """The field property that shows a source's id as its name."""
    return words(view, {source.id: source.name for source in view.catalogue.sources.values()})
