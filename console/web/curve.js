// The recent curve of the point chosen, with its limits as lines, going on live.

import uPlot from "./vendor/uplot-1.6.32/uPlot.esm.js";
import { fill, h, setText } from "./dom.js";
import { dayText, momentText, timeText, valueText, zoneName } from "./format.js";
import { request, RequestError } from "./link.js";
import { pointName } from "./points.js";
import { draw, now, recall, remember, state } from "./state.js";
import { pick, t, tierName } from "./text.js";

const WINDOWS = [5, 30, 120];
const SCALES = ["limits", "fit", "range"];
const MOST = 1200;
const REFETCH_MS = 60000;
const RETRY_MS = 3000;
const GAP_PERIODS = 3;
const PAD = 0.08;
const UNUSABLE = 2; // quality code from which a reading raises no process alarm
const CODE = 0x7f;
const COLOURS = ["#8b9bb4", "#4da3ff", "#ffd23f", "#ff9138", "#ff5a5f"];
const FONT = '12px system-ui, "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif';

let minutes = Number(recall("minutes", "30"));
let scale = recall("scale", "limits");
let parts = null;
let plot = null;
let shown = null; // {point, start, end, live, time, good, bad, message}
let turn = 0; // of requests: only the newest answer counts
let timer = null;

const current = () => state.byId?.get(state.point) ?? null;

// The limits of the side that the curve is nearer to; those of the other side would only press the curve flat.
function nearLimits(point, from, to) {
  const side = (name) => point.limits.filter((limit) => limit.side === name).map((limit) => limit.value);
  const [high, low] = [side("high"), side("low")];
  if (!high.length || !low.length) return high.length ? high : low;
  return Math.min(...high) - to <= from - Math.max(...low) ? high : low;
}

function yRange(_, low, high) {
  const point = current();
  if (!point) return [0, 1];
  if (scale === "range") return [point.low, point.high];
  let [from, to] = low === null ? [point.low, point.high] : [low, high];
  if (scale === "limits") for (const value of nearLimits(point, from, to)) [from, to] = [Math.min(from, value), Math.max(to, value)];
  const pad = (to - from || Math.abs(to) * PAD || 1) * PAD;
  return [from - pad, to + pad];
}

function drawLimits(u) {
  const { ctx, bbox } = u;
  const point = current();
  if (!point) return;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = FONT.replace("12px", `${12 * ratio}px`);
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.lineWidth = 1.2 * ratio;
  const labels = [];
  for (const limit of [...point.limits].sort((a, b) => b.tier - a.tier)) {
    const y = u.valToPos(limit.value, "y", true);
    if (y < bbox.top - 1 || y > bbox.top + bbox.height + 1) continue;
    ctx.strokeStyle = ctx.fillStyle = COLOURS[limit.tier];
    ctx.setLineDash([6 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    drawLabel(ctx, `${tierName(limit.tier)} ${Number(limit.value.toPrecision(6))}`, bbox, y, limit.side === "high", labels);
  }
  ctx.restore();
}

// A label on its line, moved outwards past those that are there already, on a ground that keeps it readable.
function drawLabel(ctx, text, bbox, y, above, labels) {
  const ratio = devicePixelRatio;
  const height = 16 * ratio;
  const width = ctx.measureText(text).width + 10 * ratio;
  let top = above ? y - height - 2 * ratio : y + 2 * ratio;
  for (const other of labels) if (Math.abs(other - top) < height) top = above ? y + 2 * ratio : y - height - 2 * ratio;
  top = Math.min(Math.max(top, bbox.top - height / 2), bbox.top + bbox.height - height);
  labels.push(top);
  const left = bbox.left + 6 * ratio;
  const ink = ctx.fillStyle;
  ctx.fillStyle = "rgba(16, 26, 44, 0.85)";
  ctx.fillRect(left, top, width, height);
  ctx.fillStyle = ink;
  ctx.fillText(text, left + 5 * ratio, top + 12.5 * ratio);
}

// A tick at the foot of the chart where an alarm of this point was raised or got worse.
function drawRaised(u) {
  const { ctx, bbox } = u;
  ctx.save();
  for (const event of state.events) {
    if (event.alarm.point !== state.point || !["raised", "worsened"].includes(event.change)) continue;
    const x = u.valToPos(event.at / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const size = 6 * devicePixelRatio;
    const foot = bbox.top + bbox.height;
    ctx.fillStyle = COLOURS[event.alarm.tier];
    ctx.beginPath();
    ctx.moveTo(x, foot - size * 1.6);
    ctx.lineTo(x + size, foot);
    ctx.lineTo(x - size, foot);
    ctx.fill();
  }
  ctx.restore();
}

function xLabels(_, splits) {
  let last = "";
  return splits.map((second) => {
    const day = dayText(second * 1000);
    const text = timeText(second * 1000);
    const time = splits[1] - splits[0] >= 60 ? text.slice(0, 5) : text;
    const label = last !== "" && day !== last ? `${day.slice(5)}\n${time}` : time;
    last = day;
    return label;
  });
}

function readout(u) {
  const at = u.cursor.idx;
  const point = current();
  if (at === null || at === undefined || !point || !shown.time.length) return setText(parts.readout, "");
  const value = shown.good[at] ?? shown.bad[at];
  setText(parts.readout, value === null ? "" : `${momentText(shown.time[at] * 1000, now())}  ${valueText(value, point.resolution)} ${point.unit}`);
}

function makePlot() {
  const axis = { stroke: "#93a4bf", font: FONT, grid: { stroke: "#1d2a42", width: 1 }, ticks: { show: false } };
  return new uPlot({
    ...size(),
    tzDate: (second) => uPlot.tzDate(new Date(second * 1000), zoneName()),
    legend: { show: false },
    cursor: { points: { size: 7 }, drag: { x: false, y: false } },
    scales: { x: { range: () => [shown.start, shown.end] }, y: { range: yRange } },
    axes: [{ ...axis, values: xLabels, space: 70, size: 32 }, { ...axis, size: 58 }],
    series: [
      {},
      { stroke: "#46d3ff", width: 1.8, fill: "rgba(70, 211, 255, 0.07)", spanGaps: false, points: { show: false } },
      { stroke: "transparent", points: { show: true, size: 5, stroke: "#93a4bf", fill: "#0f1829" }, paths: () => null },
    ],
    hooks: { draw: [drawLimits, drawRaised], setCursor: [readout] },
  }, data(), parts.chart);
}

const size = () => ({ width: Math.max(240, parts.chart.clientWidth), height: Math.max(160, parts.chart.clientHeight) });

// uPlot breaks a line at null: one is put where readings are missing for longer than sampling explains.
function data() {
  const point = current();
  const gap = Math.max((GAP_PERIODS * (point?.period_s ?? 1)), (4 * (shown.end - shown.start)) / MOST);
  const columns = [[], [], []];
  shown.time.forEach((second, i) => {
    if (i > 0 && second - shown.time[i - 1] > gap) [shown.time[i - 1] + gap / 2, null, null].forEach((cell, c) => columns[c].push(cell));
    [second, shown.good[i], shown.bad[i]].forEach((cell, c) => columns[c].push(cell));
  });
  return columns;
}

function redraw() {
  if (!shown || !parts) return;
  const empty = shown.time.length === 0;
  const text = shown.message || (empty ? t("curveEmpty") : "");
  setText(parts.message, text);
  parts.message.hidden = text === "";
  const old = !empty && !shown.live ? t("curveOld", { time: momentText(shown.time.at(-1) * 1000, now()) }) : "";
  setText(parts.old, old);
  if (plot) plot.setData(data());
  else plot = makePlot();
}

async function load() {
  clearTimeout(timer);
  const point = current();
  const mine = ++turn;
  if (!point) return;
  if (shown?.point !== point.id || shown.minutes !== minutes) {
    const end = now() / 1000;
    shown = { point: point.id, minutes, start: end - minutes * 60, end, live: true, time: [], good: [], bad: [], message: t("curveLoading") };
    redraw();
  }
  try {
    const curve = await request(`api/points/${encodeURIComponent(point.id)}/curve?minutes=${minutes}&most=${MOST}`);
    if (mine !== turn) return;
    const usable = curve.quality.map((quality) => (quality & CODE) < UNUSABLE);
    shown = {
      point: point.id, minutes, start: curve.start / 1000, end: curve.end / 1000, live: now() - curve.end < REFETCH_MS,
      time: curve.time.map((ms) => ms / 1000),
      good: curve.value.map((value, i) => (usable[i] ? value : null)), bad: curve.value.map((value, i) => (usable[i] ? null : value)), message: "",
    };
    timer = setTimeout(load, REFETCH_MS);
  } catch (error) {
    if (mine !== turn) return;
    shown.message = error instanceof RequestError && error.text ? pick(error.text) : t("curveFailed");
    timer = setTimeout(load, RETRY_MS);
  }
  redraw();
}

// Values that came over the event stream, so that the curve moves between two fetches.
export function extendCurve(values) {
  if (!shown || shown.message || shown.point !== state.point) return;
  const mine = values.find(([id]) => id === state.point);
  if (mine && mine[1] / 1000 > (shown.time.at(-1) ?? 0)) {
    const [, time, value, quality] = mine;
    const usable = quality === "good" || quality === "uncertain";
    shown.time.push(time / 1000);
    shown.good.push(usable ? value : null);
    shown.bad.push(usable ? null : value);
    if (!shown.live) shown.end = time / 1000;
  }
  if (shown.live) shown.end = Math.max(now() / 1000, shown.time.at(-1) ?? 0);
  shown.start = shown.end - minutes * 60;
  while (shown.time.length && shown.time[0] < shown.start) for (const column of [shown.time, shown.good, shown.bad]) column.shift();
  redraw();
}

function choice(label, options, chosen, name, choose) {
  return h("div", { class: "choice", role: "group", "aria-label": label },
    options.map((option) => h("button", {
      type: "button", "aria-pressed": String(option === chosen), "data-role": `${name(option)}`,
      on: { click: () => { choose(option); drawHead(); } },
    }, t(name(option)))));
}

function drawHead() {
  const point = current();
  parts.root.hidden = !point;
  if (!point) return;
  fill(parts.title, h("b", {}, point.tag), ` ${pointName(point)}`, h("span", { class: "unit" }, point.unit));
  const role = parts.choices.contains(document.activeElement) ? document.activeElement.dataset.role : null;
  fill(parts.choices,
    choice(t("scale"), SCALES, scale, (option) => `scale${option[0].toUpperCase()}${option.slice(1)}`, (option) => { scale = option; remember("scale", option); redraw(); }),
    choice(t("window"), WINDOWS, minutes, (option) => `minutes${option}`, (option) => { minutes = option; remember("minutes", option); load(); }));
  if (role) parts.choices.querySelector(`[data-role="${CSS.escape(role)}"]`)?.focus();
}

function build(root) {
  parts = {
    root, title: h("h3", {}), readout: h("span", { class: "readout" }), choices: h("div", { class: "choices" }),
    chart: h("div", { class: "chart", role: "img" }), message: h("p", { class: "chart-message" }), old: h("p", { class: "chart-old" }),
  };
  fill(root, h("div", { class: "curve-head" }, parts.title, parts.readout, parts.choices),
    h("div", { class: "chart-box" }, parts.chart, parts.message), parts.old);
  new ResizeObserver(() => plot?.setSize(size())).observe(parts.chart);
}

function drawCurve() {
  if (!parts) build(document.getElementById("curve"));
  drawHead();
  const point = current();
  parts.chart.setAttribute("aria-label", point ? `${t("curve")} ${point.tag} ${pointName(point)}` : t("curve"));
  if (!point) return;
  if (shown?.point !== point.id) load();
  else redraw();
}

draw(["points", "selection", "language", "events"], drawCurve);
