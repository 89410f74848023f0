// How the platform itself is: counters that close, what was refused, who sends what, who reads how far.

import { fill, h } from "./dom.js";
import { ageText, countText, momentText, rateText } from "./format.js";
import { draw, state } from "./state.js";
import { pick, t } from "./text.js";

const SKEW_LIMIT_S = 5;
const SILENT_MS = 60000;
const SAMPLE_LENGTH = 200;
const NUMBERS = new Set(["rows", "behind", "readings", "skew", "count"]);

function panel(name, title, ...children) {
  return h("section", { class: `panel ${name}` }, h("div", { class: "panel-head" }, h("h2", {}, title)), children);
}

function table(columns, rows) {
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, columns.map((key) => h("th", { scope: "col", class: NUMBERS.has(key) ? "number" : null }, t(key))))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => (cell instanceof Node && cell.tagName === "TD" ? cell : h("td", {}, cell))))))));
}

const enterpriseName = (id) => pick(state.site.enterprises.find((enterprise) => enterprise.id === id)?.name) || id;
const number = (n) => h("td", { class: "number" }, countText(n));

function verdict(difference) {
  return difference === 0
    ? h("span", { class: "badge solid good" }, "✓ ", t("closes"))
    : h("span", { class: "badge solid bad" }, "✗ ", t("differs", { n: countText(difference) }));
}

function sum(counters, left, right) {
  const total = (keys) => keys.reduce((all, key) => all + counters[key], 0);
  const term = (key, i) => [i > 0 && h("span", { class: "sign" }, "+"), h("span", { class: "term" }, h("b", {}, countText(counters[key])), h("small", {}, t(key)))];
  return h("div", { class: "sum" }, left.map(term), h("span", { class: "sign" }, "="), right.map(term), verdict(total(left) - total(right)));
}

function balance({ counters }) {
  return panel("balance", t("balance"), h("div", { class: "pad" },
    sum(counters, ["received"], ["accepted", "late", "duplicate", "rejected", "unknown"]),
    sum(counters, ["accepted", "late"], ["stored", "backlog"]),
    h("p", { class: "hint" }, t("balanceHint"))));
}

function facts(rows) {
  return h("dl", { class: "facts pad" }, rows.filter(Boolean).map(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)]));
}

function session({ mqtt, started, now }) {
  return panel("session", t("session"), facts([
    ["state", h("span", { class: `badge solid ${mqtt.connected ? "good" : "bad"}` }, t(mqtt.connected ? "up" : "down"))],
    ["server", mqtt.url],
    ["since", mqtt.since === null ? "—" : `${momentText(mqtt.since, now)} · ${ageText(now - mqtt.since)}`],
    ["outstanding", countText(mqtt.outstanding)],
    mqtt.error && ["error", h("span", { class: "bad-text" }, mqtt.error)],
    ["started", `${momentText(started, now)} · ${ageText(now - started)}`],
  ]));
}

const milliseconds = (value) => (value === null ? "—" : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`);

function flow({ rates, delay_ms: delay, feed }) {
  return panel("flow", t("flow"), facts([
    ["readingsPerSecond", rateText(rates.readings_per_s)], ["messagesPerSecond", rateText(rates.messages_per_s)],
    ["p50", milliseconds(delay.p50)], ["p99", milliseconds(delay.p99)],
    ["pages", countText(feed.subscribers)],
  ]));
}

function consumers({ consumers: list }) {
  const rows = list.map((c) => [c.name, number(c.backlog_rows), h("td", { class: "number" }, ageText(c.backlog_s * 1000)),
    c.error ? h("span", { class: "bad-text" }, c.error) : h("span", { class: "badge good" }, t("ok"))]);
  return panel("consumers", t("consumers"), rows.length ? table(["consumer", "rows", "behind", "state"], rows) : h("div", { class: "empty" }, h("p", {}, t("noConsumers"))));
}

function skew(seconds) {
  const far = Math.abs(seconds) > SKEW_LIMIT_S;
  const tenths = Math.round(seconds * 10) / 10 + 0; // + 0: no "-0.0"
  return h("td", { class: `number ${far ? "bad-text" : ""}` }, `${tenths > 0 ? "+" : ""}${tenths.toFixed(1)} s`);
}

function gateways({ gateways: list, mqtt, now }) {
  const rows = list.map((g) => [h("td", { class: "wide", title: g.enterprise }, enterpriseName(g.enterprise)), g.gateway,
    h("td", { class: now - g.last > SILENT_MS ? "bad-text" : "" }, t("ago", { age: ageText(now - g.last) })), number(g.readings), skew(g.skew_s)]);
  return panel("gateways", t("gateways"), rows.length ? table(["enterprise", "gateway", "last", "readings", "skew"], rows)
    : h("div", { class: "empty" }, h("b", {}, t("noGateways")), h("p", {}, t("noGatewaysDo", { url: mqtt.url })),
      h("pre", {}, 'ganzhi/v1/{enterprise}/{gateway}/data\n{"ts": 1767225600000, "values": {"LT-101": 7.62}}')));
}

function rejected({ rejected_by_reason: reasons, now }) {
  const rows = Object.entries(reasons).sort((a, b) => b[1].count - a[1].count).map(([reason, r]) => [
    h("td", {}, h("b", {}, reason)), number(r.count), momentText(r.at, now), h("td", { class: "mono" }, r.topic),
    h("td", { class: "mono sample" }, r.sample.slice(0, SAMPLE_LENGTH))]);
  return panel("rejected", t("rejectedReasons"), rows.length ? table(["reason", "count", "last", "topic", "sample"], rows) : h("div", { class: "empty" }, h("p", {}, t("noRejected"))));
}

function unknown({ unknown_points: list, now }) {
  const rows = list.map((p) => [h("td", { class: "wide", title: p.enterprise }, enterpriseName(p.enterprise)), p.gateway, h("td", { class: "mono" }, p.tag), number(p.count), momentText(p.at, now)]);
  return panel("unknown", t("unknownPoints"), rows.length
    ? [h("p", { class: "hint pad" }, t("unknownDo")), table(["enterprise", "gateway", "tag", "count", "last"], rows)]
    : h("div", { class: "empty" }, h("p", {}, t("noUnknown"))));
}

function drawHealth() {
  const main = document.getElementById("health");
  if (state.view !== "health") return;
  if (!state.health) return fill(main, h("div", { class: "panel empty" }, h("p", {}, t(state.healthFailed ? "healthFailed" : "healthLoading"))));
  if (String(getSelection()) !== "" && main.contains(getSelection().anchorNode)) return; // someone is copying a sample
  fill(main, [balance, session, flow, consumers, gateways, unknown, rejected].map((part) => part(state.health)));
}

draw(["health", "language", "view"], drawHealth);
