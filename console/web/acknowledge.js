// Acknowledging an alarm: the name is asked for once and kept, a note is optional, a double click is one request.

import { fill, h } from "./dom.js";
import { post, refresh, RequestError } from "./link.js";
import { applyEvent, changed, recall, remember, state } from "./state.js";
import { pick, t } from "./text.js";

const TOAST_MS = 6000;
const sending = new Set();

export const isSending = (id) => sending.has(id);

export function toast(kind, text) {
  const node = h("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), TOAST_MS);
}

async function send(alarm, person, comment) {
  if (sending.has(alarm.id)) return;
  sending.add(alarm.id);
  changed("alarms");
  try {
    applyEvent(await post(`api/alarms/${encodeURIComponent(alarm.id)}/acknowledge`, { person, comment }));
    toast("good", t("acknowledgedToast", { name: pick(alarm.name) }));
  } catch (error) {
    toast("bad", error instanceof RequestError && error.text ? pick(error.text) : t("failedToast"));
    if (error instanceof RequestError) refresh(); // what we show is not what the platform has
  } finally {
    sending.delete(alarm.id);
    changed("alarms");
  }
}

export function acknowledge(alarm) {
  const person = recall("operator", "");
  if (person) send(alarm, person, "");
  else ask(alarm);
}

export const acknowledgeWithNote = (alarm) => ask(alarm);
export const askOperator = () => ask(null);

function ask(alarm) {
  const dialog = document.getElementById("dialog");
  const person = h("input", { id: "person", name: "person", required: true, maxlength: 64, autocomplete: "name", value: recall("operator", "") });
  const comment = h("textarea", { id: "comment", name: "comment", maxlength: 500, rows: 3 });
  const submit = (event) => {
    event.preventDefault();
    const name = person.value.trim();
    if (!name) return person.focus();
    remember("operator", name);
    changed("header");
    dialog.close();
    if (alarm) send(state.alarms.get(alarm.id) ?? alarm, name, comment.value.trim());
  };
  fill(dialog, h("form", { on: { submit } },
    h("h2", { id: "dialog-title" }, t(alarm ? "dialogAcknowledge" : "dialogOperator")),
    alarm && h("p", { class: "dialog-text" }, h("b", {}, pick(alarm.name)), h("br"), pick(alarm.text)),
    h("label", { for: "person" }, t("person")), person, h("p", { class: "hint" }, t("personHint")),
    alarm && [h("label", { for: "comment" }, t("comment")), comment],
    h("div", { class: "buttons" },
      h("button", { type: "button", class: "quiet", on: { click: () => dialog.close() } }, t("cancel")),
      h("button", { type: "submit", class: "primary" }, t(alarm ? "acknowledge" : "save")))));
  dialog.showModal();
  (person.value && alarm ? comment : person).focus();
}
