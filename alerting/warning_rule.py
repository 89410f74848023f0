"""What the machine proposes: from the risk colour of a place and the warning about it, the colour to propose."""

from __future__ import annotations

from dataclasses import dataclass

from ganzhi.clock import NS_PER_S
from ganzhi.handling import PublicWarning, Risk, Scope, WarningPolicy, WarningState
from ganzhi.records import Tier


@dataclass(frozen=True, slots=True)
class Milder:
    """Since when, UTC ns, the colour of a place has been below that of its warning, and the worst it was since."""

    since: int
    worst: Tier


def wanted(risk: Risk, policy: WarningPolicy) -> Tier:
    """The colour that a warning about this place should have by the rules; NONE: none."""
    from_colour = policy.propose_at.get(risk.scope, Tier.NONE)
    found = risk.tier if Tier.NONE < from_colour <= risk.tier else Tier.NONE
    alarm = risk.alarm if risk.scope == Scope.SOURCE and Tier.NONE < policy.alarm_at <= risk.alarm else Tier.NONE
    return max(found, alarm)


def milder(before: Milder | None, warning: PublicWarning, colour: Tier, now: int) -> Milder | None:
    """What to remember of a warning in force whose place wants `colour` now."""
    if colour >= warning.tier:
        return None
    return Milder(now, colour) if before is None else Milder(before.since, max(before.worst, colour))


def proposal(
    warning: PublicWarning | None, colour: Tier, calm: Milder | None, policy: WarningPolicy, now: int
) -> Tier | None:
    """The colour to propose; the colour in force itself: what waits is to be withdrawn; None: nothing to do.

    `warning` is the newest about the place, also one that has ended.
    """
    if warning is None or not warning.open:
        fresh = warning is None or warning.state == WarningState.LIFTED or not _declined(warning, colour, policy, now)
        return colour if colour and fresh else None
    if warning.state == WarningState.PROPOSED:
        return colour if colour > (warning.proposed or Tier.NONE) else None
    if warning.proposed is not None:
        return _instead(warning, warning.proposed, colour)
    if colour > warning.tier:
        return None if _declined(warning, colour, policy, now) else colour
    if calm is None or not warning.by_machine or now - calm.since < policy.calm_s * NS_PER_S:
        return None
    return None if _declined(warning, calm.worst, policy, now) else calm.worst


def _instead(warning: PublicWarning, waits: Tier, colour: Tier) -> Tier | None:
    """What becomes of a change that waits for a decision, when the place wants `colour`."""
    if colour > max(warning.tier, waits):
        return colour
    lowering_by_machine = waits < warning.tier and not warning.proposed_by
    return colour if lowering_by_machine and waits < colour <= warning.tier else None


def _declined(warning: PublicWarning, colour: Tier, policy: WarningPolicy, now: int) -> bool:
    """Whether a person has declined that lately: as much of a raise or more, or any lowering."""
    if warning.declined_at is None or now - warning.declined_at >= policy.again_s * NS_PER_S:
        return False
    raising = colour > warning.tier
    return raising == (warning.declined > warning.tier) and (not raising or colour <= warning.declined)
