// 处置工单: the list of cases, open or closed, worst and longest due first, and the one that is chosen.

import { askHazard } from "./hazard.js";
import { drawCase } from "./case.js";
import { fill, h, keyed, setText } from "./dom.js";
import { isLate, onLine, worstDueFirst } from "./handling.js";
import { charge, due, marks, solid } from "./matter.js";
import { enterpriseName, settle } from "./panel.js";
import { request } from "./link.js";
import { changed, draw, state } from "./state.js";
import { language, pick, t } from "./text.js";
import { tickTimes } from "./tick.js";

const SHOWN = 200;
const CLOSED_LIMIT = 200;
const FILTERS = ["open", "overdue", "supervised", "hazard", "closed"];
const chosen = { filter: "open", words: "" };
let parts = null;
let closed = { cases: [], failed: false };

async function loadClosed() {
  const answer = await request(`api/cases?state=closed&limit=${CLOSED_LIMIT}`).catch(() => null);
  closed = { cases: answer?.cases ?? closed.cases, failed: answer === null };
  changed("cases");
}

const OF = {
  open: () => true,
  overdue: (found) => found.overdue > 0 || isLate(found),
  supervised: (found) => found.supervised !== null,
  hazard: (found) => found.kind === "hazard",
};
const ofFilter = (name) => (name === "closed" ? closed.cases : [...state.cases.values()].filter(OF[name]).sort(worstDueFirst));

function choose(name) {
  chosen.filter = name;
  if (name === "closed") loadClosed();
  drawCases();
}

function filterButton(name) {
  const count = name === "closed" ? "" : ` ${ofFilter(name).length}`;
  return h("button", { type: "button", "data-role": `cases-${name}`, "aria-pressed": String(chosen.filter === name), on: { click: () => choose(name) } }, t(`cases_${name}`), count);
}

function build(main) {
  const find = h("input", { type: "search", class: "find", on: { input: (event) => { chosen.words = event.target.value; drawCases(); } } });
  parts = {
    title: h("h2", {}), report: h("button", { type: "button", class: "primary small", "data-role": "report", on: { click: () => askHazard() } }),
    filters: h("div", { class: "choice", role: "group" }), find, list: h("ul", { class: "matters" }), note: h("p", { class: "more" }), empty: h("div", { class: "empty" }),
    one: h("section", { class: "panel one", id: "case" }),
  };
  fill(main,
    h("section", { class: "panel list" }, h("div", { class: "panel-head" }, parts.title, parts.report),
      h("div", { class: "list-tools" }, parts.filters, find), h("div", { class: "scroll" }, parts.list, parts.note, parts.empty)),
    parts.one);
}

function row(found) {
  const state_ = found.state === "closed" && found.kind === "hazard" ? "case_struck" : `case_${found.state}`;
  return h("li", {}, h("a", { class: `matter t${found.tier}`, href: `#/case/${encodeURIComponent(found.id)}`, "data-role": "case", "aria-current": state.caseId === found.id ? "true" : null },
    h("span", { class: "matter-head" }, solid(found.tier), h("b", {}, pick(found.title)), h("span", { class: "state" }, t(state_))),
    h("span", { class: "matter-meta" }, found.kind === "hazard" && h("span", { class: "badge mute" }, t("hazard")), marks(found), h("span", {}, enterpriseName(found.enterprise))),
    h("span", { class: "matter-meta" }, found.state !== "closed" && h("span", {}, t("inChargeNow", { name: charge(found) })), due(found))));
}

function matches(found) {
  const text = `${found.id} ${found.title.zh} ${found.title.en} ${found.text.zh} ${enterpriseName(found.enterprise)} ${found.source}`;
  return text.toLowerCase().includes(chosen.words.trim().toLowerCase());
}

function drawEmpty(n) {
  parts.empty.hidden = n > 0;
  if (n > 0) return;
  if (!state.site.handling) return fill(parts.empty, h("p", {}, t("noHandling")));
  if (state.handling !== "ready" || (chosen.filter === "closed" && closed.failed)) return fill(parts.empty, h("p", {}, t(state.handling === "loading" ? "handlingLoading" : "handlingFailed")));
  if (chosen.words.trim()) return fill(parts.empty, h("p", {}, t("noMatch")));
  fill(parts.empty, h("b", {}, t(`noCases_${chosen.filter}`)), h("p", {}, t(`noCasesDo_${chosen.filter}`)));
}

function drawCases() {
  if (state.view !== "cases" || !state.site) return;
  const main = document.getElementById("cases");
  if (!parts) build(main);
  main.classList.toggle("chosen", state.caseId !== null);
  setText(parts.title, t("cases"));
  setText(parts.report, t("reportHazard"));
  parts.report.hidden = !state.site.handling;
  parts.report.disabled = state.persons.length === 0; // nobody to choose yet
  settle(parts.filters, FILTERS.map(filterButton));
  parts.filters.setAttribute("aria-label", t("cases"));
  parts.find.placeholder = t("find");
  parts.find.setAttribute("aria-label", t("findCase"));
  const mine = ofFilter(chosen.filter).filter(matches);
  keyed(parts.list, mine.slice(0, SHOWN), (found) => found.id, (found) => JSON.stringify([found, isLate(found), state.caseId === found.id, language()]), row);
  setText(parts.note, mine.length > SHOWN ? t("more", { n: mine.length - SHOWN }) : "");
  drawEmpty(mine.length);
  drawCase(parts.one);
  tickTimes(main);
}

onLine((line) => line.kind === "case" && chosen.filter === "closed" && loadClosed());
draw(["site", "language", "view", "cases", "case", "handling"], drawCases);
