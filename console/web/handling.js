// Cases, warnings and risk colours as the platform has them: fetched whenever the stream opens or something was missed,
// then moved on by its lines. Nothing is drawn here.

import { hear, request } from "./link.js";
import { changed, heardAt, now, state } from "./state.js";

const SETTLE_MS = 60; // opening and being told to fetch come together: one fetch for both
const RETRY_MS = 4000;
const MOST = 1000;

let timer = null;
let waiting = null; // lines that arrive while all is being fetched; applied on top of it

const openCase = (found) => found.state !== "closed";
const openWarning = (found) => !["declined", "lifted"].includes(found.state);

const applied = new Map(); // id -> newest line applied: the answer to a click may come before an earlier event

function put(map, matter, isOpen) {
  if (Math.max(map.get(matter.id)?.seq ?? 0, applied.get(matter.id) ?? 0) >= matter.seq) return;
  applied.set(matter.id, matter.seq);
  if (isOpen(matter)) map.set(matter.id, matter);
  else map.delete(matter.id);
}

const heard = []; // who wants every line of a case or a warning, as it comes

export const onLine = (call) => heard.push(call);

function apply(kind, data) {
  if (kind === "risk") {
    state.risks = [...state.risks.filter(({ scope, id }) => scope !== data.scope || id !== data.id), data];
    return changed("risks");
  }
  if (kind === "case") put(state.cases, data.case, openCase);
  else put(state.warnings, data.warning, openWarning);
  changed(kind === "case" ? "cases" : "warnings");
  heard.forEach((call) => call(data.line, data[kind]));
}

function orderly(kind, data) {
  if (waiting === null) apply(kind, data);
  else waiting.push([kind, data]);
}

// The answer to what a person has done is a line like any other.
export const applyAnswer = (answer) => orderly(answer.case ? "case" : "warning", answer);

async function load() {
  if (waiting !== null) return later(SETTLE_MS);
  waiting = [];
  try {
    const [cases, warnings, risk, people] = await Promise.all(
      [`api/cases?limit=${MOST}`, `api/warnings?limit=${MOST}`, "api/risk", "api/persons"].map((path) => request(path)));
    heardAt(cases.now);
    state.cases = new Map(cases.cases.map((found) => [found.id, found]));
    state.warnings = new Map(warnings.warnings.map((found) => [found.id, found]));
    applied.clear();
    state.risks = risk.risks;
    state.persons = people.persons;
    state.handling = "ready";
  } catch {
    state.handling = "failed";
    later(RETRY_MS);
  } finally {
    const late = waiting;
    waiting = null;
    for (const [kind, data] of late) apply(kind, data);
  }
  changed("cases", "warnings", "risks", "handling");
}

function later(ms) {
  clearTimeout(timer);
  timer = setTimeout(load, ms);
}

export const isLate = (matter) => matter.due !== null && matter.due <= now();
export const inCharge = (matter) => matter.chain[matter.step]?.name ?? null;
export const waits = (warning) => warning.proposed !== null && openWarning(warning);
export const worstDueFirst = (a, b) => b.tier - a.tier || (a.due ?? Infinity) - (b.due ?? Infinity) || (a.id < b.id ? -1 : 1);

hear("opened", () => state.site?.handling && later(SETTLE_MS));
for (const kind of ["case", "warning", "risk"]) hear(kind, (data) => orderly(kind, data));
