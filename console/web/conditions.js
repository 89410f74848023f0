// What is wrong with the platform itself, worst first, at the top of every view.

import { h, keyed } from "./dom.js";
import { momentText } from "./format.js";
import { draw, now, state } from "./state.js";
import { language, pick, t, tierName } from "./text.js";

const SHOWN = 3;

function line(condition) {
  return h("li", { class: `condition t${condition.tier}` },
    h("span", { class: `badge solid t${condition.tier}` }, tierName(condition.tier)),
    h("span", { class: "condition-text" }, pick(condition.text)),
    h("time", { datetime: new Date(condition.since).toISOString() }, t("conditionSince", { time: momentText(condition.since, now()) })));
}

const more = ({ n }) => h("li", { class: "condition t0" }, h("a", { href: "#/health" }, t("moreConditions", { n })));

function drawConditions() {
  const list = document.getElementById("conditions");
  const all = state.health?.conditions ?? [];
  const shown = state.view === "health" ? all : all.slice(0, SHOWN);
  const items = all.length > shown.length ? [...shown, { id: "", n: all.length - shown.length }] : shown;
  list.hidden = items.length === 0;
  keyed(list, items, (item) => item.id, (item) => JSON.stringify([item, language()]), (item) => (item.id === "" ? more(item) : line(item)));
}

draw(["health", "language", "view"], drawConditions);
