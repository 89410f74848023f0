// 对账: what came of every reading, by hour and enterprise, and whether it closes.

import { differences, sums } from "./balance.js";
import { fill, h, keyed, setText } from "./dom.js";
import { countText, hourText, timeText } from "./format.js";
import { request } from "./link.js";
import { settle } from "./panel.js";
import { draw, now, state } from "./state.js";
import { language, pick, t } from "./text.js";

const SPANS = [24, 72, 168];
const SHOWN = 500;
const EVERY_MS = 4000;
const SHARE = 20; // a large answer is asked for less often: a twentieth of the time at most goes into it
const HOUR_MS = 3600000;
const FIGURES = ["received", "accepted", "late", "duplicate", "conflict", "rejected", "unknown", "stored", "refused", "backlog"];
const PLACES = ["stored", "refused", "backlog"];

const chosen = { hours: SPANS[0], filter: "", traffic: true, differing: false };
let parts = null;
let answer = null;
let failed = false;
let timer = null;
let turn = 0; // of requests: only the newest answer counts

async function load() {
  clearTimeout(timer);
  turn += 1;
  const mine = turn;
  const began = performance.now();
  const fresh = await request(`api/reconciliation?hours=${chosen.hours}`).catch(() => null);
  if (mine !== turn) return;
  failed = fresh === null;
  answer = fresh ?? answer;
  drawReconciliation();
  if (state.view === "reconciliation") timer = setTimeout(load, Math.max(EVERY_MS, SHARE * (performance.now() - began)));
}

function spanButton(hours) {
  const choose = () => {
    chosen.hours = hours;
    answer = null;
    drawReconciliation();
    load();
  };
  return h("button", { type: "button", "data-role": `hours${hours}`, "aria-pressed": String(chosen.hours === hours), on: { click: choose } }, spanText(hours));
}

const spanText = (hours) => (hours <= 24 ? t("lastHours", { n: hours }) : t("lastDays", { n: hours / 24 }));

function check(name) {
  const box = h("input", { type: "checkbox", checked: chosen[name] });
  box.addEventListener("change", () => { chosen[name] = box.checked; drawReconciliation(); });
  const label = h("span", {});
  return { box, label, node: h("label", { class: "check" }, box, label) };
}

function build(main) {
  const find = h("input", { type: "search", class: "find", on: { input: (event) => { chosen.filter = event.target.value; drawReconciliation(); } } });
  parts = {
    title: h("h2", {}), verdict: h("span", {}), updated: h("span", { class: "subtitle" }), spans: h("div", { class: "choice", role: "group" }),
    find, traffic: check("traffic"), differing: check("differing"), csv: h("a", { class: "quiet", download: true }),
    totals: h("div", { class: "pad totals" }), head: h("thead", {}), body: h("tbody", {}), foot: h("tfoot", {}),
    note: h("p", { class: "more" }), empty: h("div", { class: "empty" }),
  };
  parts.table = h("table", {}, parts.head, parts.body, parts.foot);
  fill(main, h("section", { class: "panel" },
    h("div", { class: "panel-head" }, parts.title, parts.verdict, parts.updated,
      h("div", { class: "choices" }, parts.spans, find, parts.traffic.node, parts.differing.node, parts.csv)),
    parts.totals,
    h("div", { class: "scroll" }, parts.table, parts.note, parts.empty)));
}

function drawTools() {
  setText(parts.title, t("reconciliation"));
  settle(parts.spans, SPANS.map(spanButton));
  parts.spans.setAttribute("aria-label", t("span"));
  parts.find.placeholder = t("findEnterprise");
  parts.find.setAttribute("aria-label", t("findEnterprise"));
  setText(parts.traffic.label, t("onlyTraffic"));
  setText(parts.differing.label, t("onlyDiffering"));
  setText(parts.csv, t("csv"));
  parts.csv.title = t("csvHint");
  parts.csv.href = `api/reconciliation?hours=${chosen.hours}&format=csv&language=${language()}`;
  const off = answer?.rows.filter((row) => !row.closes).length ?? 0;
  parts.verdict.hidden = !answer?.rows.length;
  parts.verdict.className = `badge solid ${off ? "bad" : "good"}`;
  setText(parts.verdict, off ? `✗ ${t("someDiffer", { n: countText(off) })}` : `✓ ${t("allClose")}`);
  parts.updated.classList.toggle("bad-text", failed);
  setText(parts.updated, failed ? t("reconciliationFailed") : answer ? t("updatedAt", { time: timeText(answer.now) }) : "");
}

function wanted(row) {
  const name = `${row.name.zh} ${row.name.en} ${row.enterprise}`.toLowerCase();
  return name.includes(chosen.filter.trim().toLowerCase())
    && (!chosen.differing || !row.closes) && (!chosen.traffic || FIGURES.some((key) => row[key] !== 0));
}

// So many rows at most; those that do not close come before any other.
function fitting(rows) {
  let room = SHOWN - rows.filter((row) => !row.closes).length;
  return rows.filter((row) => !row.closes || (room -= 1) >= 0).slice(0, SHOWN);
}

const cell = (value, key) => h("td", { class: `number${value === 0 ? " zero" : ""}${key === "refused" && value ? " bad-text" : ""}` }, countText(value));

function rowNode(item) {
  if (item.off) return h("tr", { class: "off reason" }, h("td", { colspan: FIGURES.length + 3 }, item.off.map((text) => h("p", {}, text))));
  const { row } = item;
  const current = now() - row.hour < HOUR_MS;
  return h("tr", { class: row.closes ? "" : "off" },
    h("td", { class: "hour" }, hourText(row.hour), "–", hourText(row.hour + HOUR_MS).slice(-5), current && h("span", { class: "badge mute" }, t("underWay"))),
    h("td", { class: "wide", title: row.enterprise }, pick(row.name)),
    h("td", {}, row.closes ? h("span", { class: "badge good" }, "✓ ", t("closes")) : h("span", { class: "badge solid bad" }, "✗ ", t("doesNotClose"))),
    FIGURES.map((key) => cell(row[key], key)));
}

function items(rows) {
  return rows.flatMap((row) => {
    const key = `${row.hour} ${row.enterprise}`;
    return row.closes ? [{ key, row }] : [{ key, row }, { key: `${key} off`, off: differences(row, PLACES) }];
  });
}

function drawReconciliation() {
  if (state.view !== "reconciliation") return;
  if (!parts) build(document.getElementById("reconciliation"));
  drawTools();
  const rows = answer?.rows.filter(wanted) ?? [];
  const shown = fitting(rows);
  parts.table.hidden = parts.totals.hidden = rows.length === 0;
  const total = Object.fromEntries(FIGURES.map((key) => [key, rows.reduce((all, row) => all + row[key], 0)]));
  const owners = new Set(rows.map((row) => row.enterprise)).size;
  settle(parts.totals, [h("h3", {}, t("totalOf", { hours: spanText(chosen.hours), n: owners })), ...sums(total, PLACES), h("p", { class: "hint" }, t("reconciliationHint"))]);
  const heads = ["period", "enterprise", "verdict", ...FIGURES];
  settle(parts.head, [h("tr", {}, heads.map((key) => h("th", { scope: "col", class: FIGURES.includes(key) ? "number" : null }, t(key))))]);
  keyed(parts.body, items(shown), (item) => item.key, (item) => JSON.stringify([item, language(), item.row && now() - item.row.hour < HOUR_MS]), rowNode);
  settle(parts.foot, [h("tr", {}, h("th", { scope: "row", colspan: 3 }, t("total")), FIGURES.map((key) => cell(total[key], key)))]);
  setText(parts.note, rows.length > shown.length ? t("more", { n: countText(rows.length - shown.length) }) : "");
  drawEmpty(rows);
}

function drawEmpty(rows) {
  parts.empty.hidden = rows.length > 0;
  if (answer === null) fill(parts.empty, h("p", {}, t(failed ? "reconciliationFailed" : "reconciliationLoading")));
  else if (answer.rows.length === 0) fill(parts.empty, h("b", {}, t("noReconciliation")), h("p", {}, t("noReconciliationDo")));
  else fill(parts.empty, h("p", {}, t("noMatch")));
}

draw(["language", "view"], drawReconciliation);
draw(["view"], () => { if (state.view === "reconciliation") load(); });
