// Talks to the platform: requests with a time limit, the event stream, and whether either still works.

import { applyEvent, applyFlood, applyWork, changed, heardAt, setAlarms, setEvents, state } from "./state.js";

const REQUEST_LIMIT_MS = 8000;
const HEALTH_EVERY_MS = 2000;
const REFRESH_EVERY_MS = 60000; // a safety net: whatever was missed is put right within a minute
const SILENCE_LIMIT_MS = 12000;
const REOPEN_MS = 2000;

export class RequestError extends Error {
  constructor(status, answer) {
    super(answer?.message?.en ?? `status ${status}`);
    this.status = status;
    this.text = answer?.message ?? null;
    this.faults = answer?.faults ?? [];
  }
}

export async function request(path, options = {}, limitMs = REQUEST_LIMIT_MS) {
  const response = await fetch(path, { ...options, signal: AbortSignal.timeout(limitMs) });
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer === null) throw new RequestError(response.status, answer);
  return answer;
}

export function post(path, body, limitMs = REQUEST_LIMIT_MS) {
  return request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }, limitMs);
}

let stream = null;
let reopening = null;
let waiting = null; // events that arrive while the state is being fetched; applied on top of it
let heard = { values: () => {}, event: () => {}, alarms: () => {}, back: () => {} };
let lastFrame = 0;
const others = new Map(); // kind of event -> who hears it, beside us

// What is sent beside alarms. "opened" is no event: the stream has been opened, or something was missed.
export const hear = (kind, call) => others.set(kind, [...(others.get(kind) ?? []), call]);
const tellOthers = (kind, data) => (others.get(kind) ?? []).forEach((call) => call(data));

function setLink(link) {
  if (state.link === link) return;
  state.link = link;
  changed("link");
}

export async function refresh() {
  if (waiting !== null) return;
  waiting = [];
  try {
    const [alarms, history] = await Promise.all([request("api/alarms"), request("api/alarms/history?limit=100")]);
    heardAt(alarms.now);
    setAlarms(alarms);
    setEvents(history.events);
    heard.alarms(alarms.alarms);
    state.seq = alarms.seq ?? state.seq;
  } catch {
    setLink("lost");
    reopen();
  } finally {
    const late = waiting;
    waiting = null;
    for (const apply of late) apply();
  }
}

function orderly(apply) {
  if (waiting === null) apply();
  else waiting.push(apply);
}

function onAlarm(message) {
  const event = JSON.parse(message.data);
  orderly(() => {
    state.seq = event.seq;
    if (applyEvent(event)) heard.event(event);
  });
}

function onColour(message) {
  const colour = JSON.parse(message.data);
  orderly(() => {
    state.colours.set(colour.source, colour.tier);
    changed("colours");
  });
}

function onValues(message) {
  const values = JSON.parse(message.data);
  heardAt(values.now);
  if (values.source === state.source) heard.values(values.rows);
}

export function open() {
  clearTimeout(reopening);
  reopening = null;
  stream?.close();
  const query = new URLSearchParams();
  if (state.source !== null) query.set("source", state.source);
  if (state.seq !== null) query.set("after", state.seq);
  stream = new EventSource(`api/events?${query}`);
  lastFrame = Date.now();
  const listen = (kind, call) =>
    stream.addEventListener(kind, (message) => {
      lastFrame = Date.now();
      call(message);
    });
  stream.onopen = () => {
    lastFrame = Date.now();
    if (state.link === "lost") {
      checkSite();
      heard.back();
    }
    setLink("live");
    tellOthers("opened");
  };
  stream.onerror = () => {
    setLink("lost");
    checkSite();
    reopen();
  };
  listen("alarm", onAlarm);
  listen("colour", onColour);
  listen("values", onValues);
  listen("flood", (message) => orderly(() => applyFlood(JSON.parse(message.data))));
  listen("work", (message) => orderly(() => applyWork(JSON.parse(message.data))));
  for (const kind of ["case", "warning", "risk"]) listen(kind, (message) => tellOthers(kind, JSON.parse(message.data)));
  listen("resync", () => {
    refresh();
    tellOthers("opened");
  });
}

// A platform that comes back may have another catalogue, in which the source we listen to is no more: start anew.
async function checkSite() {
  const content = (site) => JSON.stringify({ ...site, now: 0 });
  const site = await request("api/site").catch(() => null);
  if (site !== null && content(site) !== content(state.site)) location.reload();
}

// We reopen by ourselves, with a spread, and not by EventSource's own retry: that one gives up on a proxy's 502.
function reopen() {
  stream?.close();
  if (reopening === null) reopening = setTimeout(open, REOPEN_MS * (0.5 + Math.random()));
}

async function askHealth() {
  try {
    state.health = await request("api/health");
    state.healthFailed = false;
    heardAt(state.health.now);
  } catch (error) {
    state.healthFailed = true;
    if (!(error instanceof RequestError)) setLink("lost");
    if (state.link === "lost") reopen();
  }
  changed("health");
  setTimeout(askHealth, HEALTH_EVERY_MS);
}

function watch() {
  if (state.source !== null && state.link === "live" && Date.now() - lastFrame > SILENCE_LIMIT_MS) {
    setLink("lost"); // a cable was pulled: the connection is open, and nothing comes
    reopen();
  }
}

export function start(listeners) {
  heard = listeners;
  askHealth();
  setInterval(watch, 1000);
  setInterval(() => {
    if (state.link !== "live") return;
    refresh();
    tellOthers("opened");
  }, REFRESH_EVERY_MS);
}
