// The order of the alarm list: unacknowledged apart from acknowledged, worst first; the alarms of an incident together,
// its first on top, the others folded where the platform folded them. Red is never folded.

import { isOpen, state, worstFirst } from "./state.js";

const RED = 4;

function groups(alarms) {
  const found = new Map();
  for (const alarm of alarms) {
    const id = alarm.incident || alarm.id;
    found.set(id, [...(found.get(id) ?? []), alarm]);
  }
  return [...found].map(([id, members]) => {
    const isFirst = (alarm) => alarm.id === id && alarm.tier > 0; // one that is over is named in the head of the incident only
    members.sort((a, b) => isFirst(b) - isFirst(a) || worstFirst(a, b));
    const folded = members.filter((alarm) => alarm.folded && alarm.tier !== RED && alarm.id !== id);
    return { id, members, folded, worst: [...members].sort(worstFirst)[0], open: members.some(isOpen) };
  });
}

function ofGroup(group, unfolded) {
  const { id, members, folded } = group;
  if (members.length === 1) return [{ kind: "alarm", id: members[0].id, alarm: members[0] }];
  const out = unfolded.has(id);
  const shown = out ? members : members.filter((alarm) => !folded.includes(alarm));
  const first = state.incidents.get(id) ?? members.find((alarm) => alarm.id === id) ?? null;
  return [
    { kind: "incident", id: `incident ${id}`, incident: id, first, members, folded, out },
    ...shown.map((alarm) => ({ kind: "alarm", id: alarm.id, alarm, inside: true })),
  ];
}

// Items to draw, in order. `unfolded`: ids of incidents that are to be shown whole.
export function arrange(alarms, unfolded) {
  const sorted = groups(alarms).sort((a, b) => worstFirst(a.worst, b.worst));
  return [true, false].flatMap((open) => {
    const mine = sorted.filter((group) => group.open === open);
    const count = mine.reduce((n, group) => n + group.members.filter((alarm) => isOpen(alarm) === open).length, 0);
    return count === 0 ? [] : [{ kind: "section", id: `section ${open}`, open, count }, ...mine.flatMap((group) => ofGroup(group, unfolded))];
  });
}
