// What cases and warnings have in common: their clock, their chain of responsibility, their history, their people.

import { outside } from "./alarm_card.js";
import { h } from "./dom.js";
import { momentText } from "./format.js";
import { inCharge, isLate } from "./handling.js";
import { now } from "./state.js";
import { pick, t, tierName } from "./text.js";

export const solid = (tier) => h("span", { class: `badge solid t${tier}` }, tierName(tier));

export function due(matter) {
  if (matter.due === null) return null;
  return h("span", { class: "due-line" }, h("time", {}, t(`due_${matter.state}`, { time: momentText(matter.due, now()) })), " ", h("b", { class: "due", data: { due: matter.due } }));
}

export function marks(matter) {
  return [
    matter.simulated && h("span", { class: "badge sim", title: t("simulatedHint") }, t("simulated")),
    matter.supervised !== null && h("span", { class: "badge bad", title: t("supervisedSince", { time: momentText(matter.supervised, now()) }) }, t("supervised")),
    (matter.overdue > 0 || isLate(matter)) && h("span", { class: "badge bad", title: t("overdueHint") }, t("overdue", { n: Math.max(matter.overdue, 1) })),
  ];
}

export function chain(matter) {
  return h("ol", { class: "chain" }, matter.chain.map(({ name }, i) =>
    h("li", { class: i === matter.step ? "here" : i < matter.step ? "past" : null, "aria-current": i === matter.step ? "step" : null }, pick(name))));
}

export const charge = (matter) => pick(inCharge(matter)) || "—";

export function photos(addresses) {
  return addresses.length > 0 && h("span", { class: "photos" }, addresses.map((address, i) => outside(address, t("photo", { n: i + 1 }))));
}

function lineNode(line) {
  return h("li", { class: line.tier || line.before ? `t${line.tier || line.before}` : "mute" },
    h("time", {}, momentText(line.at, now())),
    h("div", {}, h("b", {}, pick(line.text)), line.role_name && pick(line.role_name) !== line.name && h("small", {}, ` ${pick(line.role_name)}`),
      line.comment && h("q", {}, line.comment), photos(line.photos)));
}

export const history = (lines) => h("ol", { class: "lines matter-lines" }, lines.map(lineNode));

export function facts(rows) {
  return h("dl", { class: "matter-facts" }, rows.filter(Boolean).map(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)]));
}
