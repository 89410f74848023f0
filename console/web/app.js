// Starts the page: reads the site, follows the address, and ties what is heard to what is drawn.

import { announce, announceMissed, tickAlarms } from "./alarms.js";
import "./conditions.js";
import { extendCurve } from "./curve.js";
import { fill, h } from "./dom.js";
import { setZone } from "./format.js";
import { tickClock } from "./header.js";
import "./health.js";
import { open, request, RequestError, start } from "./link.js";
import { applyValues, setPoints, tickPoints } from "./points.js";
import "./reconciliation.js";
import { setSite } from "./sources.js";
import { changed, draw, heardAt, recall, state } from "./state.js";
import "./telling.js";
import { language, pick, sectorName, setLanguage, t, tierName } from "./text.js";

const RETRY_MS = 3000;
const VIEWS = ["monitor", "telling", "health", "reconciliation"];

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

function readAddress() {
  const [view, source, point] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  state.view = VIEWS.includes(view) ? view : "monitor";
  for (const name of VIEWS) document.getElementById(name).hidden = state.view !== name;
  changed("view");
  if (view === "source" && state.sources.has(source)) choose(source, point ?? null);
  else if (state.source === null) choose(worstSource(), null);
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
  const { colours } = await request("api/alarms");
  state.colours = new Map(colours.map((colour) => [colour.source, colour.tier]));
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
  tickAlarms();
}, 1000);
