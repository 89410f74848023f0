"""The words of what is reported rather than measured: external events, and sources and gateways that are silent."""

from __future__ import annotations

from collections.abc import Mapping

from alerting.hold import Hold
from ganzhi.records import Rule, Text


def event(rule: Rule, hold: Hold, details: Mapping[str, str]) -> Text:
    """What a camera, a call point or a person reports, in their own words, or that it is over."""
    if not hold.tier:
        return Text(f"{rule.name.zh}已结束", f"{rule.name.en}: over")
    words, by = details.get("text", ""), details.get("by", "")
    return Text(
        f"{rule.name.zh}{f':{words}' if words else ''}{f',来自 {by}' if by else ''}",
        f"{rule.name.en}{f': {words}' if words else ''}{f', from {by}' if by else ''}",
    )


def offline(hold: Hold, details: Mapping[str, str], silence: Text) -> Text:
    """That a gateway said good-bye, or that nothing has come for so long; or that it is back."""
    gateway = details.get("gateway", "")
    if gateway and hold.tier:
        return Text(f"网关 {gateway} 已离线", f"gateway {gateway} is offline")
    if gateway:
        return Text(f"网关 {gateway} 已恢复在线", f"gateway {gateway} is back")
    if hold.tier:
        return Text(f"全部测点已 {silence.zh}没有数据", f"has sent nothing at all for {silence.en}")
    return Text("已恢复数据", "reports again")
