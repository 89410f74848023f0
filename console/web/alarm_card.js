// One alarm: what, where, since when, how it goes on, what to do, what is going on there, and what can be done with it.

import { acknowledge, isSending } from "./acknowledge.js";
import { actionsOf } from "./alarm_action.js";
import { openMenu } from "./alarm_menu.js";
import { h } from "./dom.js";
import { momentText } from "./format.js";
import { spark } from "./spark.js";
import { isOpen, isSuppressed, now, state } from "./state.js";
import { language, pick, t, tierName } from "./text.js";

export const sourceName = (id) => pick(state.sources.get(id)?.name) || id;
const figure = (value) => (Math.abs(value) >= 10 ? Math.round(value) : Number(value.toPrecision(2)));
const safe = (address) => (/^https?:\/\//.test(address ?? "") ? address : null);

export function outside(address, text) {
  const href = safe(address);
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer", class: "outside", title: address }, text) : h("span", { title: address }, text);
}

function place(alarm, full) {
  const where = alarm.place ?? {};
  const known = state.sources.has(alarm.source);
  const names = [known ? sourceName(alarm.source) : pick(where.source), alarm.tag].filter(Boolean);
  const said = alarm.tag && names.length > 1 && pick(alarm.text).includes(names[0]); // its sentence names the source already
  const all = [where.district, pick(where.enterprise), ...names].filter(Boolean);
  const text = (full ? all : said ? [alarm.tag] : names).join(" · ") || pick(where.enterprise) || alarm.subject;
  const title = [where.district, pick(where.enterprise), where.lon === null || where.lon === undefined ? "" : `${where.lon}, ${where.lat}`].filter(Boolean).join(" · ");
  if (!known) return h("span", { class: "place-text", title }, text);
  return h("a", { class: "place", "data-role": "place", title, href: `#/source/${encodeURIComponent(alarm.source)}/${encodeURIComponent(alarm.point)}` }, text);
}

function caseMark(alarm) {
  const found = [...state.cases.values()].find(({ alarms }) => alarms.includes(alarm.id));
  return found && h("a", { class: `badge t${found.tier}`, "data-role": "case", href: `#/case/${encodeURIComponent(found.id)}` }, t("caseOf", { state: t(`case_${found.state}`) }));
}

function marks(alarm) {
  return [
    alarm.simulated && h("span", { class: "badge sim", title: t("simulatedHint") }, t("simulated")),
    alarm.class === "device" && h("span", { class: "badge mute" }, t("device")),
    alarm.external && h("span", { class: "badge mute" }, t("externalEvent")),
    alarm.retrospective && h("span", { class: "badge mute", title: t("retrospectiveHint") }, t("retrospective")),
    alarm.chattering && h("span", { class: "badge warn", title: t("chatteringHint") }, t("chattering", { n: alarm.cycles })),
    alarm.tier !== alarm.worst && h("span", { class: `badge t${alarm.worst}` }, t("was", { colour: tierName(alarm.worst) })),
    caseMark(alarm),
  ];
}

// Where another rule holds the alarm, the limit that the forecast spoke of may have been reached meanwhile.
function isReached({ rule, value, limit, forecast: { rule: foreseen, target } }) {
  if (rule === foreseen || [value, limit, target].includes(null)) return false;
  return value >= limit ? value >= target : value <= target;
}

function forecast(alarm) {
  const f = alarm.forecast;
  if (!f || f.minutes === null || isReached(alarm)) return null;
  const interval = f.early !== null && f.late !== null ? t("forecastInterval", { early: figure(f.early), late: figure(f.late) }) : "";
  const target = f.target === null ? t("forecastLimit") : `${f.target} ${f.unit}`;
  return h("p", { class: "forecast" }, t("forecast", { minutes: figure(f.minutes), target, interval }));
}

function contextText({ kind, work, quality }) {
  if (kind === "quality") return t(quality);
  return t(`context_${kind}`, { reason: work.reason, person: work.person, until: momentText(work.end, now()) });
}

function words(alarm) {
  const { text, by, picture } = alarm.details ?? {};
  const said = text && !pick(alarm.text).includes(text) ? text : "";
  if (!said && !by && !picture) return null;
  return h("p", { class: "words" }, said && h("q", {}, said), by && t("saidBy", { by }), picture && outside(picture, t("picture")));
}

function suppressions(alarm) {
  return alarm.suppressions.map((each) => {
    const until = each.until !== null ? t("suppressedUntil", { time: momentText(each.until, now()) }) : t(each.once ? "suppressedOnce" : each.kind === "by_design" ? "suppressedWhile" : "suppressedForever");
    return h("li", {}, h("b", {}, t(each.kind)), until, each.until !== null && h("span", { class: "due", data: { due: each.until } }),
      h("span", { class: "why" }, pick(each.reason) || "—"), each.person && h("span", { class: "who" }, each.person));
  });
}

function acknowledged(alarm) {
  const by = alarm.acknowledged_by && t("byAt", { name: alarm.acknowledged_by, time: alarm.acknowledged ? momentText(alarm.acknowledged, now()) : "" });
  return h("div", { class: "done" }, by || t(alarm.state), alarm.comment && h("q", {}, alarm.comment));
}

const current = (alarm) => state.alarms.get(alarm.id) ?? alarm;

export function acknowledgeButton(alarm) {
  const busy = isSending(alarm.id);
  return h("button", { type: "button", class: "primary", "data-role": "acknowledge", disabled: busy, on: { click: () => acknowledge(current(alarm)) } },
    t(busy ? "acknowledging" : "acknowledge"));
}

function actions(alarm, details) {
  const beside = actionsOf(alarm).filter(({ first }) => first);
  const more = (event) => openMenu(event.currentTarget, alarm.id, details);
  return h("div", { class: "actions" },
    beside.map(({ key, call }) => h("button", { type: "button", class: "quiet", "data-role": key, on: { click: () => call(current(alarm)) } }, t(key))),
    isOpen(alarm) && !isSuppressed(alarm) && acknowledgeButton(alarm),
    h("button", { type: "button", class: "quiet more-actions", "data-role": "more", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": t("moreActions"), title: t("moreActions"), on: { click: more } }, "⋯"));
}

export const cardSign = (alarm) => JSON.stringify([alarm, isSending(alarm.id), language(), [...state.cases.values()].find(({ alarms }) => alarms.includes(alarm.id))?.state]);

// `details` opens all that is known of it; without, the card has no buttons.
export function alarmCard(alarm, { details = null, inside = false } = {}) {
  const advice = pick(alarm.advice);
  const context = alarm.context ?? [];
  const tier = alarm.tier || alarm.worst;
  return h("li", { class: `alarm t${tier}${isOpen(alarm) && !isSuppressed(alarm) ? " open" : ""}${inside ? " inside" : ""}${alarm.tier === 0 && !alarm.retrospective ? " over" : ""}` },
    h("div", { class: "alarm-bar", "aria-hidden": "true" }),
    h("div", { class: "alarm-body" },
      h("div", { class: "alarm-head" },
        h("span", { class: `badge solid t${alarm.tier || (alarm.retrospective ? alarm.worst : 0)}` }, tierName(alarm.tier || (alarm.retrospective ? alarm.worst : 0))),
        h("b", { class: "alarm-name" }, pick(alarm.name)),
        h("span", { class: `state ${isOpen(alarm) ? "open" : ""}` }, t(alarm.state))),
      h("div", { class: "alarm-said" }, h("p", { class: "alarm-text", title: pick(alarm.text) }, pick(alarm.text)), spark(alarm.trend, alarm.unit)),
      forecast(alarm), words(alarm),
      h("div", { class: "alarm-meta" }, place(alarm, details === null), marks(alarm),
        h("time", { datetime: new Date(alarm.raised).toISOString() }, t("raisedAt", { time: momentText(alarm.raised, now()) })),
        h("span", { class: "lasting", data: { since: alarm.raised, until: alarm.cleared ?? "" } })),
      context.length > 0 && h("ul", { class: "context" }, context.map((each) => h("li", { class: each.kind }, contextText(each)))),
      alarm.suppressions.length > 0 && h("ul", { class: "suppressions" }, suppressions(alarm)),
      advice && h("p", { class: "advice", title: advice }, h("b", {}, t("advice")), advice),
      h("div", { class: "alarm-foot" },
        h("span", { class: "basis", title: alarm.basis }, h("b", {}, t("basis")), alarm.basis),
        !isOpen(alarm) && acknowledged(alarm), details && actions(alarm, details))));
}
