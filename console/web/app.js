// Starts the page: reads the site, follows the address, and ties what is heard to what is drawn.

import { showAlarm } from "./alarm_detail.js";
import { fetchTrend } from "./alarms.js";
import { announce, announceMissed } from "./announce.js";
import { loadCase } from "./case.js";
import "./cases.js";
import "./conditions.js";
import { extendCurve } from "./curve.js";
import { fill, h } from "./dom.js";
import { setZone } from "./format.js";
import { tickClock } from "./header.js";
import "./health.js";
import "./journal.js";
import { open, request, RequestError, start } from "./link.js";
import { applyValues, setPoints, tickPoints } from "./points.js";
import "./reconciliation.js";
import { setSite } from "./sources.js";
import { changed, draw, heardAt, recall, setAlarms, state } from "./state.js";
import "./telling.js";
import { language, pick, sectorName, setLanguage, t, tierName } from "./text.js";
import { tickTimes } from "./tick.js";
import { showWarning } from "./warnings.js";
import "./works.js";

const RETRY_MS = 3000;
const VIEWS = ["monitor", "cases", "warnings", "works", "telling", "health", "reconciliation"];
const ONE = { case: "cases", warning: "warnings" }; // the view that shows one of them
const ALARM_LINK = /^#alarm=(.+)$/;

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function readSite() {
  for (;;) {
    try {
      return await request("api/site");
    } catch {
      await pause(RETRY_MS);
    }
  }
}

function worstSource() {
  const colour = (id) => state.colours.get(id) ?? 0;
  return [...state.sources.keys()].sort((a, b) => colour(b) - colour(a))[0] ?? null;
}

function show(view) {
  state.view = view;
  for (const name of VIEWS) document.getElementById(name).hidden = view !== name;
  changed("view");
}

// #/source/ID/POINT, #/case/ID, #/warning/ID, #/VIEW, and #alarm=ID as messages have it.
function readAddress() {
  const alarm = ALARM_LINK.exec(location.hash)?.[1];
  const [view, id, point] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  state.caseId = view === "case" ? id : null;
  if (view === "case") loadCase(id);
  if (view === "warning") showWarning(id);
  else state.warningId = null;
  show(ONE[view] ?? (VIEWS.includes(view) ? view : "monitor"));
  if (alarm) followAlarm(decodeURIComponent(alarm));
  if (view === "source" && state.sources.has(id)) choose(id, point ?? null);
  else if (state.source === null) choose(worstSource(), null);
}

// The source of the alarm behind the dialog that says all about it; the address is free for the next link to it.
function followAlarm(id) {
  history.replaceState(null, "", "#/");
  const source = state.alarms.get(id)?.source;
  if (state.sources.has(source)) choose(source, state.alarms.get(id).point);
  showAlarm(id);
}

async function choose(source, point) {
  const same = source === state.source;
  state.source = source;
  if (same && point !== null) state.point = point;
  changed("selection");
  if (same || source === null) return;
  state.point = point;
  setPoints([]);
  open();
  await loadPoints(source);
}

// Which point to show first: one in alarm rather than the first of the list.
function firstPoint(points) {
  return [...points].sort((a, b) => b.tier - a.tier)[0]?.id ?? null;
}

async function loadPoints(source) {
  while (state.source === source) {
    try {
      const answer = await request(`api/sources/${encodeURIComponent(source)}/points`);
      if (state.source !== source) return;
      heardAt(answer.now);
      if (!answer.points.some((point) => point.id === state.point)) state.point = firstPoint(answer.points);
      setPoints(answer.points);
      return;
    } catch (error) {
      if (error instanceof RequestError && error.status === 404) return location.reload(); // the catalogue has changed
      await pause(RETRY_MS);
    }
  }
}

function drawHead() {
  const head = document.getElementById("detail-head");
  const source = state.sources.get(state.source);
  head.hidden = !source;
  if (!source) return;
  const tier = state.colours.get(source.id) ?? 0;
  fill(head, h("div", { class: "panel-head" },
    h("h2", {}, pick(source.name)),
    h("span", { class: `badge solid t${tier}` }, tierName(tier)),
    h("span", { class: "subtitle" }, pick(source.enterpriseName), " · ", sectorName(source.sector), " · ", t("points", { n: source.points }))));
}

draw(["language", "selection", "colours", "points"], drawHead);

setLanguage(recall("language", "zh"));
const site = await readSite();
setLanguage(recall("language", site.language));
setZone(site.zone);
heardAt(site.now);
setSite(site);
try {
  setAlarms(await request("api/alarms"));
} catch {
  // the event stream fetches them again in a moment
}
addEventListener("hashchange", readAddress);
const listeners = {
  values: (rows) => {
    applyValues(rows);
    extendCurve(rows);
  },
  event: announce,
  alarms: announceMissed,
  back: () => state.source !== null && loadPoints(state.source), // the limits may be others now
};
start(listeners);
readAddress();
if (state.source === null) open();
changed("header", "alarms", "events", "points");
document.documentElement.dataset.ready = language();
setInterval(() => {
  tickClock();
  tickPoints();
  tickTimes();
  fetchTrend();
}, 1000);
