// Putting a changed configuration into force: asked twice, refused with every fault, accepted with a short loss of the line.

import { fill, h } from "./dom.js";
import { post, RequestError } from "./link.js";
import { pick, t } from "./text.js";
import { toast } from "./toast.js";

const LIMIT_MS = 60000; // a large point list takes its time to check

export function reloadBar() {
  return h("div", { class: "reload-bar" },
    h("span", { class: "hint" }, t("reloadHint")),
    h("button", { type: "button", class: "quiet", "data-role": "reload", on: { click: ask } }, t("reload")));
}

function show(title, body, ...buttons) {
  const dialog = document.getElementById("dialog");
  fill(dialog, h("form", { on: { submit: (event) => event.preventDefault() } },
    h("h2", { id: "dialog-title" }, title), body, h("div", { class: "buttons" }, buttons)));
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("button")?.focus();
}

const closing = (key) => h("button", { type: "button", class: "quiet", on: { click: () => document.getElementById("dialog").close() } }, t(key));

function ask() {
  const go = h("button", { type: "button", class: "primary", on: { click: () => send(go) } }, t("reload"));
  show(t("reload"), h("p", { class: "dialog-text" }, t("reloadAsk")), closing("cancel"), go);
}

async function send(button) {
  const dialog = document.getElementById("dialog");
  button.disabled = true;
  fill(button, t("reloading"));
  try {
    await post("api/reload", {}, LIMIT_MS);
    dialog.close();
    toast("good", t("reloadAccepted"));
  } catch (error) {
    if (error instanceof RequestError && error.faults.length) return refused(error);
    dialog.close();
    toast("bad", error instanceof RequestError && error.text ? pick(error.text) : t("reloadUnanswered"));
  }
}

function refused({ text, faults }) {
  show(pick(text), h("ul", { class: "faults" }, faults.map((fault) => h("li", { class: "mono" }, fault))), closing("close"));
}
