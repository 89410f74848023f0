// Active alarms, worst first, with what to do and a way to acknowledge; and the last lines of the journal.

import { acknowledge, acknowledgeWithNote, isSending } from "./acknowledge.js";
import { fill, h, keyed, setText } from "./dom.js";
import { ageText, momentText, timeText } from "./format.js";
import { beep, soundIsOn } from "./sound.js";
import { changed, draw, isOpen, now, state, worstFirst } from "./state.js";
import { language, pick, t, tierName } from "./text.js";

const SHOWN = 200;
const AUDIBLE = 3;
const KNOWN = 5000; // alarms remembered, beyond those that are active
let parts = null;

const sourceName = (id) => pick(state.sources.get(id)?.name) || id;

function place(alarm) {
  return h("a", { class: "place", "data-role": "place", href: `#/source/${encodeURIComponent(alarm.source)}/${encodeURIComponent(alarm.point)}` },
    `${sourceName(alarm.source)} · ${alarm.tag}`);
}

function marks(alarm) {
  return [
    alarm.simulated && h("span", { class: "badge sim", title: t("simulatedHint") }, t("simulated")),
    alarm.class === "device" && h("span", { class: "badge mute" }, t("device")),
    alarm.retrospective && h("span", { class: "badge mute", title: t("retrospectiveHint") }, t("retrospective")),
    alarm.tier !== alarm.worst && h("span", { class: `badge t${alarm.worst}` }, t("was", { colour: tierName(alarm.worst) })),
  ];
}

function actions(alarm) {
  if (!isOpen(alarm)) {
    const by = t("byAt", { name: alarm.acknowledged_by, time: alarm.acknowledged ? momentText(alarm.acknowledged, now()) : "" });
    return h("div", { class: "done" }, alarm.acknowledged_by ? by : t(alarm.state), alarm.comment && h("q", {}, alarm.comment));
  }
  const busy = isSending(alarm.id);
  return h("div", { class: "actions" },
    h("button", { type: "button", class: "primary", "data-role": "acknowledge", disabled: busy, on: { click: () => acknowledge(state.alarms.get(alarm.id) ?? alarm) } },
      t(busy ? "acknowledging" : "acknowledge")),
    h("button", { type: "button", class: "quiet", "data-role": "note", disabled: busy, title: t("noteHint"), on: { click: () => acknowledgeWithNote(alarm) } }, t("note")));
}

function alarmCard(alarm) {
  const advice = pick(alarm.advice);
  return h("li", { class: `alarm t${alarm.tier}${isOpen(alarm) ? " open" : ""}` },
    h("div", { class: "alarm-bar", "aria-hidden": "true" }),
    h("div", { class: "alarm-body" },
      h("div", { class: "alarm-head" },
        h("span", { class: `badge solid t${alarm.tier}` }, tierName(alarm.tier)),
        h("b", { class: "alarm-name" }, pick(alarm.name)),
        h("span", { class: `state ${isOpen(alarm) ? "open" : ""}` }, t(alarm.state))),
      h("p", { class: "alarm-text" }, pick(alarm.text)),
      h("div", { class: "alarm-meta" }, place(alarm), marks(alarm),
        h("time", { datetime: new Date(alarm.raised).toISOString() }, t("raisedAt", { time: momentText(alarm.raised, now()) })),
        h("span", { class: "lasting", data: { since: alarm.raised, until: alarm.cleared ?? "" } })),
      advice && h("p", { class: "advice" }, h("b", {}, t("advice")), advice),
      h("div", { class: "alarm-foot" },
        h("span", { class: "basis", title: alarm.basis }, h("b", {}, t("basis")), alarm.basis), actions(alarm))));
}

function build(section, journal) {
  parts = {
    title: h("h2", {}), all: h("button", { type: "button", class: "quiet small", "data-role": "all", on: { click: () => { state.colour = null; changed("alarms"); } } }),
    list: h("ol", { class: "alarm-list" }), note: h("p", { class: "more" }), empty: h("div", { class: "empty" }),
    journalTitle: h("h2", {}), events: h("ol", { class: "events" }), noEvents: h("div", { class: "empty" }),
  };
  fill(section, h("div", { class: "panel-head" }, parts.title, parts.all), h("div", { class: "scroll" }, parts.list, parts.note, parts.empty));
  fill(journal, h("div", { class: "panel-head" }, parts.journalTitle), h("div", { class: "scroll" }, parts.events, parts.noEvents));
}

function drawAlarms() {
  if (!parts) build(document.getElementById("alarms"), document.getElementById("journal"));
  const all = [...state.alarms.values()].sort(worstFirst);
  const mine = state.colour === null ? all : all.filter((alarm) => alarm.tier === state.colour);
  setText(parts.title, state.colour === null ? `${t("alarms")} ${all.length}` : `${t("alarms")} · ${tierName(state.colour)} ${mine.length}`);
  setText(parts.all, t("showAll"));
  parts.all.hidden = state.colour === null;
  const sign = (alarm) => `${alarm.changed} ${alarm.state} ${alarm.tier} ${alarm.worst} ${alarm.text.zh} ${alarm.comment} ${isSending(alarm.id)} ${language()}`;
  keyed(parts.list, mine.slice(0, SHOWN), (alarm) => alarm.id, sign, alarmCard);
  setText(parts.note, mine.length > SHOWN ? t("moreAlarms", { n: mine.length - SHOWN }) : "");
  parts.empty.hidden = mine.length > 0;
  fill(parts.empty, state.colour === null
    ? [h("b", {}, t("noAlarms")), h("p", {}, t("noAlarmsDo"))]
    : h("p", {}, t("noAlarmsOfColour", { colour: tierName(state.colour) })));
  tickAlarms();
}

function eventLine(event) {
  const { alarm } = event;
  const tier = alarm.tier || event.before;
  const full = pick(alarm.text);
  const short = ["acknowledged", "reset", "cleared"].includes(event.change);
  const where = short || !full.includes(alarm.tag) ? `${sourceName(alarm.source)} · ${alarm.tag} ` : "";
  return h("li", { class: "event" },
    h("time", { title: momentText(event.noted, now()) }, timeText(event.at)),
    h("span", { class: `badge t${event.change === "cleared" ? 0 : tier}` }, event.change === "cleared" ? t("cleared") : tierName(tier)),
    h("span", { class: "event-text", title: pick(alarm.text) },
      h("b", {}, t(event.change)), " ", where, short ? pick(alarm.name) : full,
      event.actor && h("em", {}, ` — ${event.actor}${event.comment ? `: ${event.comment}` : ""}`),
      alarm.simulated && [" ", h("span", { class: "badge sim" }, t("simulated"))]));
}

function drawJournal() {
  if (!parts) return;
  setText(parts.journalTitle, t("journal"));
  keyed(parts.events, state.events, (event) => String(event.seq), () => language(), eventLine);
  parts.noEvents.hidden = state.events.length > 0;
  fill(parts.noEvents, h("p", {}, t("noEvents")));
}

export function tickAlarms() {
  for (const node of parts?.list.querySelectorAll("[data-since]") ?? []) {
    const until = node.dataset.until === "" ? now() : Number(node.dataset.until);
    setText(node, t("lasting", { age: ageText(until - Number(node.dataset.since)) }));
  }
}

let met = null; // alarm id -> how the page knows it; null before the first list

function tell(alarm) {
  setText(document.getElementById("announce"), t("newAlarm", { colour: tierName(alarm.tier), text: pick(alarm.text) }));
  if (alarm.tier >= AUDIBLE && soundIsOn()) beep(alarm.tier);
}

export function announce({ alarm, change }) {
  const known = met?.get(alarm.id);
  met?.set(alarm.id, alarm);
  const told = known?.changed === alarm.changed && known.tier >= alarm.tier;
  if (["raised", "worsened"].includes(change) && !alarm.retrospective && !told) tell(alarm);
}

// What was raised while the line was lost is announced, the worst of it; what the page knew before never again,
// not even when a platform that starts anew had left it out for a moment.
export function announceMissed(alarms) {
  const missed = alarms.filter((alarm) => isOpen(alarm) && !alarm.retrospective && alarm.tier > (met?.get(alarm.id)?.tier ?? 0));
  const first = met === null;
  if (first || met.size > KNOWN) met = new Map([...(met ?? [])].filter(([id]) => state.alarms.has(id)));
  for (const alarm of alarms) met.set(alarm.id, alarm);
  if (!first && missed.length) tell(missed.sort(worstFirst)[0]);
}

draw(["site", "language", "alarms"], drawAlarms);
draw(["site", "language", "events"], drawJournal);
