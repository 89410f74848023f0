// What arrives: who sends it, what was refused, which values contradict each other, which points nobody registered.

import { h } from "./dom.js";
import { ageText, momentText } from "./format.js";
import { empty, enterpriseName, number, panel, table } from "./panel.js";
import { t } from "./text.js";

const SKEW_LIMIT_S = 5;
const SILENT_MS = 60000;
const SAMPLE_LENGTH = 200;

const owner = (id) => h("td", { class: "wide", title: id }, enterpriseName(id));
const mono = (text, kind = "") => h("td", { class: `mono ${kind}` }, text);

function skew(seconds) {
  const far = Math.abs(seconds) > SKEW_LIMIT_S;
  const tenths = Math.round(seconds * 10) / 10 + 0; // + 0: no "-0.0"
  return h("td", { class: `number ${far ? "bad-text" : ""}` }, `${tenths > 0 ? "+" : ""}${tenths.toFixed(1)} s`);
}

export function gateways({ gateways: list, mqtt, now }) {
  const rows = list.map((g) => [owner(g.enterprise), g.gateway,
    h("td", { class: now - g.last > SILENT_MS ? "bad-text" : "" }, t("ago", { age: ageText(now - g.last) })), number(g.readings), skew(g.skew_s)]);
  return panel("gateways", t("gateways"), rows.length ? table(["enterprise", "gateway", "last", "readings#", "skew#"], rows)
    : empty(h("b", {}, t("noGateways")), h("p", {}, t("noGatewaysDo", { url: mqtt.url })),
      h("pre", {}, 'ganzhi/v1/{enterprise}/{gateway}/data\n{"ts": 1767225600000, "values": {"LT-101": 7.62}}')));
}

export function rejected({ rejected_by_reason: reasons, now }) {
  const rows = Object.entries(reasons).sort((a, b) => b[1].count - a[1].count).map(([reason, r]) => [
    h("td", {}, h("b", {}, reason)), number(r.count), momentText(r.at, now), mono(r.topic), mono(r.sample.slice(0, SAMPLE_LENGTH), "sample")]);
  return panel("rejected", t("rejectedReasons"), rows.length
    ? table(["reason", "count#", "last", "topic", "sample"], rows) : empty(h("p", {}, t("noRejected"))));
}

export function unknown({ unknown_points: list, now }) {
  const rows = list.map((p) => [owner(p.enterprise), p.gateway, mono(p.tag), number(p.count), momentText(p.at, now)]);
  return panel("unknown", t("unknownPoints"), rows.length
    ? [h("p", { class: "hint pad" }, t("unknownDo")), table(["enterprise", "gateway", "tag", "count#", "last"], rows)]
    : empty(h("p", {}, t("noUnknown"))));
}

export function conflicts({ conflicts: list, now }) {
  const figure = (value, kind = "") => h("td", { class: `number ${kind}` }, value);
  const rows = list.map((c) => [owner(c.enterprise), mono(c.point), momentText(c.time, now), figure(c.kept), figure(c.refused, "bad-text"), momentText(c.at, now)]);
  return panel("conflicts", t("conflicts"), rows.length
    ? [h("p", { class: "hint pad" }, t("conflictsDo")), table(["enterprise", "point", "readingTime", "kept#", "refusedValue#", "found"], rows)]
    : empty(h("p", {}, t("noConflicts"))));
}
