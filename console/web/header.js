// The bar at the top: site, connection, clock, operator, language; the banner; the counters by colour.

import { askOperator } from "./acknowledge.js";
import { fill, h, setText } from "./dom.js";
import { countText, dayText, momentText, rateText, timeText, weekdayText } from "./format.js";
import { isLate, waits } from "./handling.js";
import { beep, setSound, soundIsOn } from "./sound.js";
import { changed, draw, isOpen, isSuppressed, now, recall, remember, state } from "./state.js";
import { language, pick, setLanguage, t, tierName } from "./text.js";

const GATEWAY_SILENT_MS = 60000;
const byId = (id) => document.getElementById(id);

let clock = null;

function chip(kind, label, title) {
  return h("span", { class: `chip ${kind}`, title }, h("i", { class: "lamp", "aria-hidden": "true" }), label);
}

function linkChip() {
  if (state.link === "live") return chip("good", t("live"));
  return state.link === "lost" ? chip("bad", t("disconnected")) : chip("idle", t("connecting"));
}

function brokerChip() {
  if (!state.health || state.link === "lost") return chip("idle", t("brokerUnknown"));
  const { mqtt } = state.health;
  return mqtt.connected ? chip("good", t("brokerUp"), mqtt.url) : chip("bad", t("brokerDown"), mqtt.error || mqtt.url);
}

function tab(view, ...counts) {
  const here = state.view === view;
  const href = view === "monitor" ? "#/" : `#/${view}`;
  return h("a", { href, class: "tab", "data-role": view, "aria-current": here ? "page" : null }, t(view), counts);
}

const count = (key, n, kind) => n > 0 && h("span", { class: `count ${kind}`, title: t(key, { n }), "aria-label": t(key, { n }) }, n);

function casesTab() {
  const cases = [...state.cases.values()];
  return tab("cases", count("openCases", cases.length, "mute"), count("lateCases", cases.filter((found) => found.overdue > 0 || isLate(found)).length, "bad"));
}

function warningsTab() {
  const warnings = [...state.warnings.values()];
  return tab("warnings", count("waitingWarnings", warnings.filter(waits).length, "warn"), count("inForceWarnings", warnings.filter(({ tier }) => tier > 0).length, "mute"));
}

function switchLanguage() {
  setLanguage(language() === "zh" ? "en" : "zh");
  remember("language", language());
  changed("language");
}

function switchSound() {
  setSound(!soundIsOn());
  if (soundIsOn()) beep(3);
  changed("header");
}

function soundButton() {
  const on = soundIsOn();
  return h("button", { type: "button", class: "quiet", "data-role": "sound", "aria-pressed": String(on), title: t("soundHint"), on: { click: switchSound } },
    t(on ? "soundOn" : "soundOff"));
}

function operatorButton() {
  const name = recall("operator", "");
  return h("button", { type: "button", class: "quiet operator", "data-role": "operator", title: t("operatorHint"), on: { click: () => askOperator() } },
    name ? t("operator", { name }) : t("operatorNone"));
}

function languageButton() {
  return h("button", { type: "button", class: "quiet", "data-role": "language", title: t("switchLanguageHint"), on: { click: switchLanguage } },
    t("switchLanguage"));
}

function drawHeader() {
  const header = byId("header");
  const role = header.contains(document.activeElement) ? document.activeElement.dataset.role : null;
  clock = { time: h("span", { class: "clock-time" }), day: h("span", { class: "clock-day" }) };
  fill(header,
    h("div", { class: "brand" },
      h("img", { src: "icon.svg", alt: "", width: 30, height: 30 }),
      h("div", {}, h("h1", {}, pick(state.site.name)), h("span", { class: "product" }, t("product")))),
    h("nav", { "aria-label": t("views") }, tab("monitor"), casesTab(), warningsTab(), tab("works"), tab("telling"), tab("health"), tab("reconciliation")),
    h("div", { class: "tools" },
      linkChip(), brokerChip(), soundButton(), operatorButton(), languageButton(),
      h("div", { class: "clock" }, clock.time, clock.day)));
  if (role) header.querySelector(`[data-role="${CSS.escape(role)}"]`)?.focus();
  tickClock();
  drawBanner();
}

export function tickClock() {
  if (!clock) return;
  setText(clock.time, timeText(now()));
  setText(clock.day, `${dayText(now())} ${weekdayText(now())}`);
}

function drawBanner() {
  const banner = byId("banner");
  const mqtt = state.health?.mqtt;
  let text = "";
  if (state.link === "lost") text = t("lost", { time: state.lastHeard ? momentText(state.lastHeard, now()) : "—" });
  else if (mqtt && !mqtt.connected && !state.health.conditions.some(({ id }) => id.startsWith("mqtt"))) text = t("brokerLost", { error: mqtt.error });
  document.body.classList.toggle("lost", state.link === "lost");
  banner.hidden = text === "";
  setText(banner, text);
}

function counter(tier, alarms) {
  const mine = alarms.filter((alarm) => alarm.tier === tier);
  const open = mine.filter(isOpen).length;
  const chosen = state.colour === tier;
  const note = mine.length === 0 ? t("noneActive") : open === 0 ? t("allAcknowledged")
    : [h("span", { class: "wide-only" }, t("unacknowledgedCount", { n: open })), h("span", { class: "narrow-only" }, t("unacknowledgedShort", { n: open }))];
  return h("button", {
    type: "button", class: `counter t${tier}${mine.length ? "" : " none"}${open ? " open" : ""}`, "data-role": `t${tier}`,
    "aria-pressed": String(chosen), title: t("filterHint", { colour: tierName(tier) }),
    on: { click: () => { state.colour = chosen ? null : tier; changed("alarms"); } },
  },
    h("span", { class: "counter-name" }, tierName(tier), h("small", {}, t(`grade${tier}`))),
    h("span", { class: "counter-count" }, mine.length),
    h("span", { class: "counter-note" }, note));
}

function figure(value, label) {
  return h("div", { class: "figure" }, h("b", {}, value), h("span", {}, label));
}

function overview() {
  const { health, site } = state;
  const online = health ? health.gateways.filter((g) => health.now - g.last < GATEWAY_SILENT_MS).length : null;
  const gateways = health ? `${online}/${health.gateways.length}` : "—";
  return h("div", { class: "overview", "aria-label": t("overview"), role: "group" },
    figure(countText(state.sources.size), t("sources")), figure(countText(site.points), t("pointsCount")),
    figure(gateways, t("gatewaysOnline")), figure(health ? rateText(health.rates.readings_per_s) : "—", t("readingsPerSecond")));
}

function drawCounters() {
  const section = byId("counters");
  const role = section.contains(document.activeElement) ? document.activeElement.dataset.role : null;
  const alarms = [...state.alarms.values()].filter((alarm) => !isSuppressed(alarm));
  fill(section, [4, 3, 2, 1].map((tier) => counter(tier, alarms)), overview());
  if (role) section.querySelector(`[data-role="${CSS.escape(role)}"]`)?.focus();
  const open = alarms.filter(isOpen).length;
  document.title = `${open ? `(${open}) ` : ""}${pick(state.site.name)} · ${t("product")}`;
}

draw(["language", "link", "health", "view", "header", "cases", "warnings"], drawHeader);
draw(["language", "alarms", "health"], drawCounters);
