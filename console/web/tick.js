// Times that run: how long something lasts, how long until it is due.

import { setText } from "./dom.js";
import { ageText } from "./format.js";
import { now } from "./state.js";
import { t } from "./text.js";

const SOON_MS = 120000;

// Attributes of an element that counts down to `due`; it is red once that has passed.
export const dueData = (due) => ({ due });

function showDue(node) {
  const left = Number(node.dataset.due) - now();
  setText(node, left < 0 ? t("dueOver", { age: ageText(-left) }) : t("dueIn", { age: ageText(left) }));
  node.classList.toggle("late", left < 0);
  node.classList.toggle("soon", left >= 0 && left < SOON_MS);
}

function showLasting(node) {
  const until = node.dataset.until === "" ? now() : Number(node.dataset.until);
  setText(node, t("lasting", { age: ageText(until - Number(node.dataset.since)) }));
}

export function tickTimes(root = document) {
  for (const node of root.querySelectorAll("[data-since]")) showLasting(node);
  for (const node of root.querySelectorAll("[data-due]")) showDue(node);
}
