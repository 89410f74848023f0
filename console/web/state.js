// What the page knows, and who draws it. A change is drawn once a frame, however many events made it.

export const state = {
  site: null,
  sources: new Map(), // id -> source with its enterprise's name
  alarms: new Map(), // id -> alarm: the announced ones and the suppressed
  incidents: new Map(), // id -> its first alarm, which may have ended
  floods: new Map(), // position -> flood
  works: [], // maintenance windows and permits, on or to come
  cases: new Map(), // id -> case that is not closed
  warnings: new Map(), // id -> warning in force or to be decided
  risks: [], // of sources, enterprises and districts
  persons: [],
  handling: "loading", // loading | ready | failed: whether cases, warnings and risks are known
  events: [], // newest first
  colours: new Map(), // source id -> tier
  source: null,
  point: null,
  points: [], // of the source shown
  health: null,
  healthFailed: false,
  link: "connecting", // connecting | live | lost
  lastHeard: null, // server time, ms
  view: "monitor",
  caseId: null, // the case, the warning that the address names
  warningId: null,
  colour: null, // the colour the alarm list is narrowed to
  offset: 0, // server clock minus ours, ms
  seq: null,
};

const EVENTS_KEPT = 100;
const drawers = new Map();
const dirty = new Set();
let scheduled = false;

export const now = () => Date.now() + state.offset;

export function draw(topics, call) {
  for (const topic of topics) drawers.set(topic, [...(drawers.get(topic) ?? []), call]);
}

export function changed(...topics) {
  for (const topic of topics) dirty.add(topic);
  if (scheduled) return;
  scheduled = true;
  const run = () => {
    scheduled = false;
    const calls = new Set([...dirty].flatMap((topic) => drawers.get(topic) ?? []));
    dirty.clear();
    for (const call of calls) call();
  };
  if (document.hidden) setTimeout(run, 200);
  else requestAnimationFrame(run);
}

export function heardAt(serverMs) {
  state.offset = serverMs - Date.now();
  state.lastHeard = serverMs;
}

const KEPT = "ganzhi.";

export function recall(name, otherwise) {
  try {
    return localStorage.getItem(KEPT + name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(KEPT + name, value);
  } catch {
    // storage is switched off in this browser: the choice lasts as long as the page
  }
}

export function worstFirst(a, b) {
  const open = (alarm) => (alarm.state.endsWith("unacknowledged") ? 1 : 0);
  return b.tier - a.tier || open(b) - open(a) || b.worst - a.worst || b.raised - a.raised || (a.id < b.id ? -1 : 1);
}

export const isOpen = (alarm) => alarm.state.endsWith("unacknowledged");
export const isSuppressed = (alarm) => (alarm.suppressions ?? []).length > 0;

export function setAlarms(answer) {
  state.alarms = new Map([...answer.alarms, ...(answer.suppressed ?? [])].map((alarm) => [alarm.id, alarm]));
  state.incidents = new Map((answer.incidents ?? []).map((incident) => [incident.id, incident.first]));
  state.floods = new Map((answer.floods ?? []).map((flood) => [flood.position, flood]));
  state.works = answer.works ?? [];
  state.colours = new Map(answer.colours.map((colour) => [colour.source, colour.tier]));
  applied.clear();
  changed("alarms", "colours", "works");
}

export function applyFlood(flood) {
  if (flood.over) state.floods.delete(flood.position);
  else state.floods.set(flood.position, flood);
  changed("alarms");
}

export function applyWork(work) {
  const others = state.works.filter(({ id }) => id !== work.id);
  state.works = work.ended === null ? [...others, work].sort((a, b) => a.start - b.start) : others;
  changed("works");
}

export function setEvents(events) {
  state.events = events.slice(0, EVENTS_KEPT);
  changed("events");
}

const applied = new Map(); // alarm id -> newest line applied: the answer to a click may come after a later event

// One line of the journal. True when it was not known yet.
export function applyEvent(event) {
  const { alarm } = event;
  if (event.seq >= (applied.get(alarm.id) ?? 0)) {
    applied.set(alarm.id, event.seq);
    const known = state.alarms.get(alarm.id);
    if (known && alarm.trend === undefined) alarm.trend = known.trend; // events bring none
    if (alarm.state === "normal" && !isSuppressed(alarm)) state.alarms.delete(alarm.id);
    else state.alarms.set(alarm.id, alarm);
    changed("alarms");
  }
  if (state.events.some((known) => known.seq === event.seq)) return false;
  state.events.unshift(event);
  state.events.sort((a, b) => b.seq - a.seq);
  state.events.length = Math.min(state.events.length, EVENTS_KEPT);
  changed("events");
  return true;
}
