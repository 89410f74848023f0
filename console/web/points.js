// The points of the source shown: live value, place in the range with the limits marked, quality, age.

import { fill, h, keyed, setText } from "./dom.js";
import { ageText, momentText, valueText } from "./format.js";
import { changed, draw, now, state } from "./state.js";
import { language, pick, quantityName, t, tierName } from "./text.js";

const SHOWN = 400;
const SILENT_PERIODS = 3;
const DELIVERY_MS = 2000; // a value reaches the page up to this much after it was read
const FRESH_MS = 3000;
const DIGITS = 3; // of an example value
let filter = "";
let parts = null;
const rows = new Map(); // point id -> cells that change every second

export const pointName = (point) => point.name || quantityName(point.quantity);

const percent = (value, point) => Math.min(100, Math.max(0, (100 * (value - point.low)) / (point.high - point.low)));

// Coloured stretches of the range: from each limit to the next worse one of its side, the last to the end.
function zones(point) {
  const stretches = [];
  for (const side of ["high", "low"]) {
    const limits = point.limits.filter((limit) => limit.side === side).sort((a, b) => a.tier - b.tier);
    limits.forEach((limit, i) => {
      const until = limits[i + 1]?.value ?? (side === "high" ? point.high : point.low);
      const [from, to] = [percent(limit.value, point), percent(until, point)].sort((a, b) => a - b);
      stretches.push(h("i", { class: `zone t${limit.tier}`, style: { left: `${from}%`, width: `${Math.max(to - from, 0.6)}%` } }));
    });
  }
  return stretches;
}

function limitsTitle(point) {
  const ends = `${point.low} … ${point.high} ${point.unit}`;
  const limits = [...point.limits].sort((a, b) => b.value - a.value)
    .map((limit) => `${tierName(limit.tier)} ${limit.side === "high" ? "≥" : "≤"} ${Number(limit.value.toPrecision(6))} ${point.unit}  ${pick(limit.name)}`);
  return [ends, ...limits].join("\n");
}

function row(point) {
  const cells = {
    badge: h("span", {}), value: h("b", {}), needle: h("i", { class: "needle" }), fill: h("i", { class: "fill" }),
    marks: h("span", { class: "marks" }), age: h("span", { class: "age" }), node: null,
  };
  const choose = () => { location.hash = `#/source/${encodeURIComponent(state.source)}/${encodeURIComponent(point.id)}`; };
  cells.node = h("tr", { on: { click: choose } },
    h("td", { class: "col-state" }, cells.badge),
    h("td", { class: "col-tag" },
      h("button", { type: "button", class: "tag", "data-role": "choose", "aria-pressed": String(state.point === point.id) }, point.tag),
      h("span", { class: "quantity" }, pointName(point))),
    h("td", { class: "col-value" }, cells.value, h("span", { class: "unit" }, point.unit)),
    h("td", { class: "col-range" },
      h("div", { class: "range", title: limitsTitle(point) }, h("div", { class: "track" }, cells.fill, zones(point)), cells.needle),
      h("div", { class: "ends", "aria-hidden": "true" }, h("span", {}, point.low), h("span", {}, point.high))),
    h("td", { class: "col-marks" }, cells.marks),
    h("td", { class: "col-age" }, cells.age));
  cells.node.classList.toggle("chosen", state.point === point.id);
  rows.set(point.id, cells);
  update(point);
  return cells.node;
}

// Silent by the sensor's clock, unless readings keep coming: a replay of old data is alive.
export function isSilent(point) {
  if (point.time === null) return true;
  const limit = SILENT_PERIODS * point.period_s * 1000 + DELIVERY_MS;
  return now() - point.time > limit && Date.now() - (point.heard ?? 0) > limit;
}

function update(point) {
  const cells = rows.get(point.id);
  if (!cells) return;
  const silent = isSilent(point);
  const tier = state.tiers?.get(point.id) ?? 0;
  setText(cells.value, valueText(point.value, point.resolution));
  const label = point.time === null || (silent && tier === 0) ? "silent" : null;
  setText(cells.badge, label ? t(label) : tierName(tier));
  cells.badge.className = `badge solid ${label ? "mute" : `t${tier}`}`;
  cells.node.className = `t${tier}${silent ? " stale" : ""}${state.point === point.id ? " chosen" : ""}`;
  cells.needle.hidden = point.value === null;
  if (point.value !== null) {
    const at = `${percent(point.value, point).toFixed(2)}%`;
    cells.needle.style.left = at;
    cells.fill.style.width = at;
  }
  const marks = `${point.quality}|${point.simulated}|${language()}`;
  if (cells.marks.dataset.marks !== marks) {
    cells.marks.dataset.marks = marks;
    fill(cells.marks,
      point.simulated && h("span", { class: "badge sim", title: t("simulatedHint") }, t("simulated")),
      point.quality && point.quality !== "good" && h("span", { class: "badge warn" }, t(point.quality)));
  }
  const age = now() - (point.time ?? 0);
  const far = silent || Math.abs(age) > 3600000;
  setText(cells.age, point.time === null ? t("neverSeen") : far && age > 60000 ? momentText(point.time, now()) : age < FRESH_MS ? t("justNow") : t("ago", { age: ageText(age) }));
}

function tiersByPoint() {
  const tiers = new Map();
  for (const alarm of state.alarms.values()) tiers.set(alarm.point, Math.max(alarm.tier, tiers.get(alarm.point) ?? 0));
  return tiers;
}

function build(section) {
  parts = {
    find: h("input", { type: "search", class: "find", on: { input: (event) => { filter = event.target.value; drawPoints(); } } }),
    head: h("thead", {}), body: h("tbody", {}), note: h("p", { class: "more" }), empty: h("div", { class: "empty" }),
  };
  parts.table = h("table", { class: "points" }, parts.head, parts.body);
  fill(section, parts.find, parts.table, parts.note, parts.empty);
}

function drawEmpty(shown) {
  const gateways = state.health?.gateways ?? null;
  const unheard = gateways?.length === 0 && state.points.every((point) => point.time === null);
  parts.empty.hidden = shown > 0 && !unheard;
  if (parts.empty.hidden) return;
  if (state.source === null) fill(parts.empty, state.sources.size ? h("p", {}, t("choose")) : emptySite(gateways));
  else if (state.points.length === 0) fill(parts.empty, h("b", {}, t("noPoints")), h("p", {}, t("noPointsDo")));
  else if (unheard) {
    const [point] = state.points;
    const middle = Number(((point.low + point.high) / 2).toPrecision(DIGITS));
    fill(parts.empty, gatewayAdvice(state.sources.get(state.source).enterprise, point.tag, middle));
  }
  else fill(parts.empty, h("p", {}, t("noMatch")));
}

const emptySite = (gateways) => [
  h("section", {}, h("b", {}, t("noSources")), h("p", {}, t("noSourcesDo"))),
  gateways?.length === 0 && h("section", {}, gatewayAdvice("{enterprise}", "LT-101", 7.62)),
];

// The very topic and payload that would make a point appear.
function gatewayAdvice(enterprise, tag, value) {
  const payload = JSON.stringify({ ts: Math.floor(now() / 1000) * 1000, values: { [tag]: value } });
  return [h("b", {}, t("noGateways")), h("p", {}, t("noGatewaysDo", { url: state.health.mqtt.url })),
    h("pre", {}, `ganzhi/v1/${enterprise}/gateway-1/data\n${payload}`)];
}

function drawPoints() {
  if (!parts) build(document.getElementById("points"));
  state.tiers = tiersByPoint();
  parts.find.hidden = state.points.length < 25;
  parts.find.placeholder = t("find");
  parts.find.setAttribute("aria-label", t("findPoint"));
  const wanted = filter.trim().toLowerCase();
  const found = parts.find.hidden ? state.points
    : state.points.filter((point) => `${point.tag} ${point.name} ${quantityName(point.quantity)}`.toLowerCase().includes(wanted));
  const shown = found.slice(0, SHOWN);
  parts.table.hidden = shown.length === 0;
  fill(parts.head, h("tr", {}, ["status", "tag", "value", "range", "", "time"].map((key, i) =>
    h("th", { scope: "col", class: ["col-state", "col-tag", "col-value", "col-range", "col-marks", "col-age"][i] }, key && t(key)))));
  keyed(parts.body, shown, (point) => point.id, (point) => `${state.source} ${language()}`, row);
  setText(parts.note, found.length > SHOWN ? t("more", { n: found.length - SHOWN }) : "");
  for (const point of shown) {
    rows.get(point.id)?.node.querySelector(".tag").setAttribute("aria-pressed", String(state.point === point.id));
    update(point);
  }
  drawEmpty(shown.length);
}

export function setPoints(points) {
  rows.clear();
  parts?.body.replaceChildren();
  state.points = points;
  state.byId = new Map(points.map((point) => [point.id, point]));
  changed("points");
}

export function applyValues(values) {
  for (const [id, time, value, quality, simulated] of values) {
    const point = state.byId?.get(id);
    if (!point) continue;
    if (point.time !== time) point.heard = Date.now();
    Object.assign(point, { time, value, quality, simulated });
    update(point);
  }
}

export function tickPoints() {
  for (const id of rows.keys()) update(state.byId.get(id));
}

draw(["points", "language", "alarms", "selection", "health"], drawPoints);
