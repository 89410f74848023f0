// A sentence at the foot of the page that goes by itself; one that somebody reads stays.

import { h } from "./dom.js";

const TOAST_MS = 6000;
const PER_SIGN_MS = 90;
const MOST = 3;

export function toast(kind, text) {
  const node = h("div", { class: `toast ${kind}` }, text);
  const toasts = document.getElementById("toasts");
  toasts.append(node);
  while (toasts.children.length > MOST) toasts.firstElementChild.remove();
  setTimeout(() => node.remove(), Math.max(TOAST_MS, text.length * PER_SIGN_MS));
}
