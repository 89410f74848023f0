// A sentence at the foot of the page that goes by itself; one that somebody reads stays.

import { h } from "./dom.js";

const TOAST_MS = 6000;
const PER_SIGN_MS = 90;

export function toast(kind, text) {
  const node = h("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), Math.max(TOAST_MS, text.length * PER_SIGN_MS));
}
