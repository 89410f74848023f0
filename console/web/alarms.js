// The alarms of the site: current, device, suppressed, from late data; incidents, floods; and the way to acknowledge them.

import { alarmCard, cardSign, sourceName } from "./alarm_card.js";
import { showAlarm } from "./alarm_detail.js";
import { acknowledgeShown, shownAlarms } from "./bulk.js";
import { fill, h, keyed, setText } from "./dom.js";
import { momentText } from "./format.js";
import { arrange } from "./incident.js";
import { request } from "./link.js";
import { settle } from "./panel.js";
import { changed, draw, isSuppressed, now, state, worstFirst } from "./state.js";
import { language, pick, t, tierName } from "./text.js";
import { tickTimes } from "./tick.js";

const SHOWN = 200;
const DENSE_FROM = 4; // alarms from which on each gets less room
const TABS = ["current", "device", "suppressed", "late"];
const LATE_LIMIT = 100;
const LATE_EVERY_MS = 30000;
let parts = null;
let tab = "current";
let late = { alarms: [], failed: false };
const unfolded = new Set();

const OF_TAB = {
  current: (alarm) => !isSuppressed(alarm),
  device: (alarm) => !isSuppressed(alarm) && alarm.class === "device",
  suppressed: isSuppressed,
};
const ofTab = (name) => (name === "late" ? late.alarms : [...state.alarms.values()].filter(OF_TAB[name]));
const tierOf = (alarm) => (tab === "late" ? alarm.worst : alarm.tier);

async function loadLate() {
  const answer = await request(`api/alarms/retrospective?limit=${LATE_LIMIT}`).catch(() => null);
  late = { alarms: answer?.alarms ?? late.alarms, failed: answer === null };
  changed("alarms");
}

export function chooseTab(name) {
  tab = name;
  if (name === "late") loadLate();
  changed("alarms");
}

function tabButton(name) {
  const mine = ofTab(name);
  const worst = name === "late" ? 0 : Math.max(0, ...mine.map(({ tier }) => tier));
  const count = name === "late" && tab !== "late" ? null : mine.length;
  return h("button", { type: "button", role: "tab", "data-role": `tab-${name}`, "aria-selected": String(tab === name), title: t(`tabHint_${name}`), on: { click: () => chooseTab(name) } },
    t(`tab_${name}`), count !== null && h("b", { class: worst && name !== "current" ? `t${worst}` : null }, count));
}

function walkTabs(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  chooseTab(TABS.at((TABS.indexOf(tab) + step) % TABS.length));
  parts.tabs.querySelector(`[data-role=tab-${tab}]`).focus();
}

function build(section) {
  parts = {
    title: h("h2", {}), all: h("button", { type: "button", class: "quiet small", "data-role": "all", on: { click: () => { state.colour = null; changed("alarms"); } } }),
    bulk: h("button", { type: "button", class: "quiet small bulk", "data-role": "bulk", on: { click: () => acknowledgeShown(parts.scroll) } }),
    tabs: h("div", { class: "tabs", role: "tablist", on: { keydown: walkTabs } }), floods: h("ul", { class: "floods", role: "status" }),
    list: h("ol", { class: "alarm-list" }), note: h("p", { class: "more" }), empty: h("div", { class: "empty" }),
  };
  parts.scroll = h("div", { class: "scroll", role: "tabpanel", on: { scroll: drawBulk } }, parts.list, parts.note, parts.empty);
  fill(section, h("div", { class: "panel-head" }, parts.title, parts.all, parts.bulk), parts.tabs, parts.floods, parts.scroll);
}

const counts = (alarms) => [4, 3, 2, 1].map((tier) => [tier, alarms.filter((alarm) => alarm.tier === tier).length])
  .filter(([, n]) => n).map(([tier, n]) => h("span", { class: `badge t${tier}` }, tierName(tier), " ", n));
const over = (alarms) => alarms.filter(({ tier }) => tier === 0).length;
const overBadge = (n) => n > 0 && h("span", { class: "badge mute" }, t("overCount", { n }));

function fold(id) {
  if (!unfolded.delete(id)) unfolded.add(id);
  changed("alarms");
}

function incidentHead({ incident, first, members, folded, out }) {
  const [some] = members;
  const began = first && t("firstOut", { time: momentText(first.raised, now()), name: pick(first.name), tag: first.tag });
  return h("li", { class: `incident t${Math.max(...members.map(({ tier }) => tier))}` },
    h("div", { class: "incident-head" }, h("b", {}, t("incident"), " ", sourceName(some.source)), h("span", { class: "chips" }, counts(members), overBadge(over(members)))),
    h("p", {}, began, first && !members.some(({ id, tier }) => id === first.id && tier > 0) ? ` · ${t("firstEnded")}` : ""),
    folded.length > 0 && h("button", { type: "button", class: "quiet small", "data-role": "fold", "aria-expanded": String(out), on: { click: () => fold(incident) } },
      t(out ? "foldAgain" : "unfold", { n: folded.length }), " ", counts(folded), overBadge(over(folded))));
}

function node(item) {
  if (item.kind === "section") return h("li", { class: `alarm-section${item.open ? " open" : ""}` }, t(item.open ? "sectionOpen" : "sectionDone", { n: item.count }));
  if (item.kind === "incident") return incidentHead(item);
  return alarmCard(item.alarm, { inside: item.inside, details: item.alarm.retrospective ? null : () => showAlarm(item.alarm.id) });
}

function sign(item) {
  if (item.kind === "alarm") return `${cardSign(item.alarm)}${item.inside}`;
  if (item.kind === "section") return `${item.count}${language()}`;
  return JSON.stringify([item.out, item.first?.raised, item.folded.map(({ id, tier }) => [id, tier]), item.members.map(({ id, tier }) => [id, tier]), language()]);
}

function items(mine) {
  if (tab === "current" || tab === "device") return arrange(mine, unfolded);
  return mine.sort(tab === "late" ? (a, b) => b.raised - a.raised : worstFirst).map((alarm) => ({ kind: "alarm", id: alarm.id, alarm }));
}

function drawFloods() {
  const floods = [...state.floods.values()];
  const text = (flood) => h("li", {}, h("b", {}, t("flood", { position: flood.position || t("wholeSite") })), t("floodText", { n: flood.count, time: momentText(flood.since, now()) }));
  keyed(parts.floods, floods, (flood) => flood.position, (flood) => JSON.stringify([flood, language()]), text);
  parts.floods.hidden = floods.length === 0;
}

function drawBulk() {
  const n = tab === "current" || tab === "device" ? shownAlarms(parts.scroll).length : 0;
  parts.bulk.hidden = n < 2;
  setText(parts.bulk, t("bulk", { n }));
}

function drawEmpty(n) {
  parts.empty.hidden = n > 0;
  if (n > 0) return;
  if (state.colour !== null) return fill(parts.empty, h("p", {}, t("noAlarmsOfColour", { colour: tierName(state.colour) })));
  const failed = tab === "late" && late.failed;
  fill(parts.empty, failed ? h("p", {}, t("lateFailed")) : [h("b", {}, t(`empty_${tab}`)), h("p", {}, t(`emptyDo_${tab}`))]);
}

function drawAlarms() {
  if (!parts) build(document.getElementById("alarms"));
  const all = ofTab(tab);
  const mine = state.colour === null ? all : all.filter((alarm) => tierOf(alarm) === state.colour);
  setText(parts.title, state.colour === null ? t("alarms") : `${t("alarms")} · ${tierName(state.colour)} ${mine.length}`);
  setText(parts.all, t("showAll"));
  parts.all.hidden = state.colour === null;
  parts.tabs.setAttribute("aria-label", t("alarms"));
  settle(parts.tabs, TABS.map(tabButton));
  drawFloods();
  const listed = items(mine);
  keyed(parts.list, listed.slice(0, SHOWN), (item) => item.id, sign, node);
  parts.list.classList.toggle("dense", mine.length >= DENSE_FROM);
  const left = listed.slice(SHOWN).filter(({ kind }) => kind === "alarm").length;
  setText(parts.note, left ? t("moreAlarms", { n: left }) : tab === "late" && mine.length ? t("lateNote") : "");
  drawEmpty(mine.length);
  tickTimes(parts.list);
  drawBulk();
}

// Cards whose trend the event stream did not bring: asked for one after the other.
let asking = false;
export async function fetchTrend() {
  const wanted = !asking && state.view === "monitor" && parts && [...parts.list.querySelectorAll(".alarm")]
    .map((card) => state.alarms.get(card.dataset.key)).find((alarm) => alarm && alarm.trend === undefined);
  if (!wanted) return;
  asking = true;
  const answer = await request(`api/alarms/${encodeURIComponent(wanted.id)}`).catch(() => null);
  asking = false;
  const alarm = state.alarms.get(wanted.id);
  if (alarm && alarm.trend === undefined) alarm.trend = answer?.alarm.trend ?? null;
  changed("alarms");
}

setInterval(() => tab === "late" && state.link === "live" && loadLate(), LATE_EVERY_MS);
addEventListener("resize", () => parts && drawBulk());
draw(["site", "language", "alarms", "cases"], drawAlarms);
