// Sums that must close, as terms with their names and a verdict.

import { h } from "./dom.js";
import { countText } from "./format.js";
import { t } from "./text.js";

const ENDS = ["accepted", "late", "duplicate", "rejected", "unknown"];

function verdict(difference) {
  return difference === 0
    ? h("span", { class: "badge solid good" }, "✓ ", t("closes"))
    : h("span", { class: "badge solid bad" }, "✗ ", t("differs", { n: countText(difference) }));
}

const total = (figures, keys) => keys.reduce((all, key) => all + figures[key], 0);

function sum(figures, left, right) {
  const term = (key, i) => [i > 0 && h("span", { class: "sign" }, "+"), h("span", { class: "term" }, h("b", {}, countText(figures[key])), h("small", {}, t(key)))];
  return h("div", { class: "sum" }, left.map(term), h("span", { class: "sign" }, "="), right.map(term),
    verdict(total(figures, left) - total(figures, right)));
}

// received = the five ends; accepted + late = where they are kept, by the keys in `places`.
export function sums(figures, places) {
  return [sum(figures, ["received"], ENDS), sum(figures, ["accepted", "late"], places)];
}

// The same two in a sentence each where they do not close.
export function differences(figures, places) {
  const said = (key, left, right) => (left === right ? [] : [t(key, { left: countText(left), right: countText(right), n: countText(left - right) })]);
  return [
    ...said("endsOff", figures.received, total(figures, ENDS)),
    ...said("storedOff", figures.accepted + figures.late, total(figures, places)),
  ];
}
