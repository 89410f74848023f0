// How the platform itself is: counters that close, its line, its log and snapshot, who reads how far, what arrives.

import { conflicts, gateways, rejected, unknown } from "./arrivals.js";
import { sums } from "./balance.js";
import { h } from "./dom.js";
import { ageText, bytesText, countText, momentText, rateText } from "./format.js";
import { bad, empty, facts, number, panel, settle, table } from "./panel.js";
import { reloadBar } from "./reload.js";
import { draw, state } from "./state.js";
import { t } from "./text.js";

const LOW_DISK_BYTES = 2 ** 30;

function balance({ counters }) {
  return panel("balance", t("balance"), h("div", { class: "pad" },
    sums(counters, ["stored", "backlog"]),
    h("p", { class: "hint" }, t("balanceHint"), " ", h("a", { href: "#/reconciliation" }, t("balanceMore")))));
}

function session({ mqtt, started, now }) {
  return panel("session", t("session"), facts([
    ["state", h("span", { class: `badge solid ${mqtt.connected ? "good" : "bad"}` }, t(mqtt.connected ? "up" : "down"))],
    ["server", mqtt.url],
    ["since", mqtt.since === null ? "—" : `${momentText(mqtt.since, now)} · ${ageText(now - mqtt.since)}`],
    ["outstanding", countText(mqtt.outstanding)],
    mqtt.error && ["error", bad(mqtt.error)],
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

function snapshotText({ at, bytes }, now) {
  return at === null ? t("snapshotNone") : `${t("ago", { age: ageText(now - at) })} · ${bytesText(bytes)}`;
}

function storage({ log, snapshot, store_refused: refused, now }) {
  const free = bytesText(log.free_bytes);
  return panel("storage", t("storage"), facts([
    ["logSize", bytesText(log.bytes)],
    ["diskFree", log.free_bytes < LOW_DISK_BYTES ? bad(free) : free],
    ["commitTime", `${milliseconds(log.commit_p50_ms)} / ${milliseconds(log.commit_p99_ms)}`],
    ["pendingRows", countText(log.pending_rows)],
    ["snapshotAge", snapshotText(snapshot, now)],
    snapshot.error && ["snapshotError", bad(snapshot.error)],
    ["storeRefused", refused.count ? bad(countText(refused.count)) : "0"],
  ]), refused.count > 0 && h("p", { class: "hint pad mono refused-sample" }, refused.sample));
}

function consumers({ consumers: list }) {
  const rows = list.map((c) => [c.name, number(c.backlog_rows), h("td", { class: "number" }, ageText(c.backlog_s * 1000)),
    h("td", { class: "number" }, bytesText(c.backlog_bytes)),
    h("td", { class: "wide" }, c.error ? bad(c.error) : h("span", { class: "badge good" }, t("ok")))]);
  return panel("consumers", t("consumers"), rows.length
    ? table(["consumer", "rows#", "behind#", "diskUse#", "state"], rows) : empty(h("p", {}, t("noConsumers"))));
}

const PARTS = [reloadBar, balance, session, flow, storage, consumers, conflicts, gateways, unknown, rejected];

function drawHealth() {
  if (state.view !== "health") return;
  const main = document.getElementById("health");
  if (!state.health) return settle(main, [h("div", { class: "panel empty" }, h("p", {}, t(state.healthFailed ? "healthFailed" : "healthLoading")))]);
  if (String(getSelection()) !== "" && main.contains(getSelection().anchorNode)) return; // someone is copying a sample
  settle(main, PARTS.map((part) => part(state.health)));
}

draw(["health", "language", "view"], drawHealth);
