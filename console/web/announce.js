// What is sounded and read out. It follows what the platform decided to announce, not what changed.

import { setText } from "./dom.js";
import { beep, soundIsOn } from "./sound.js";
import { isOpen, isSuppressed, state, worstFirst } from "./state.js";
import { pick, t, tierName } from "./text.js";

const AUDIBLE = 3;
const KNOWN = 5000; // alarms remembered, beyond those that are active
let met = null; // alarm id -> how the page knows it; null before the first list

function tell(alarm) {
  setText(document.getElementById("announce"), t("newAlarm", { colour: tierName(alarm.tier), text: pick(alarm.text) }));
  if (alarm.tier >= AUDIBLE && soundIsOn()) beep(alarm.tier);
}

export function announce({ alarm, effects }) {
  const known = met?.get(alarm.id);
  if (isSuppressed(alarm)) met?.delete(alarm.id); // when that ends, it is announced like a new one
  else met?.set(alarm.id, alarm);
  const told = known?.changed === alarm.changed && known.tier >= alarm.tier;
  if (effects.includes("announce") && !alarm.retrospective && !told) tell(alarm);
}

// What was announced while the line was lost is announced now, the worst of it; what the page knew before never again,
// not even when a platform that starts anew had left it out for a moment.
export function announceMissed(alarms) {
  const missed = alarms.filter((alarm) => isOpen(alarm) && !alarm.folded && alarm.tier > (met?.get(alarm.id)?.tier ?? 0));
  const first = met === null;
  if (first || met.size > KNOWN) met = new Map([...(met ?? [])].filter(([id]) => state.alarms.has(id)));
  for (const alarm of state.alarms.values()) if (isSuppressed(alarm)) met.delete(alarm.id);
  for (const alarm of alarms) met.set(alarm.id, alarm);
  if (!first && missed.length) tell(missed.sort(worstFirst)[0]);
}
