// Acknowledging an alarm: the name is asked for once and kept, a note is optional unless the site wants one, a double
// click is one request.

import { h } from "./dom.js";
import { ask, sentence, words, labelled } from "./form.js";
import { post, refresh, RequestError } from "./link.js";
import { nameField } from "./person.js";
import { applyEvent, changed, recall, remember, state } from "./state.js";
import { pick, t } from "./text.js";
import { toast } from "./toast.js";

const sending = new Set();

export const isSending = (id) => sending.has(id);
export const alarmPath = (id, action) => `api/alarms/${encodeURIComponent(id)}/${action}`;

async function send(alarm, person, comment) {
  if (sending.has(alarm.id)) return;
  sending.add(alarm.id);
  changed("alarms");
  try {
    const seq = alarm.seq ? { seq: alarm.seq } : {};
    applyEvent(await post(alarmPath(alarm.id, "acknowledge"), { person, comment, ...seq }));
    toast("good", t("acknowledgedToast", { name: pick(alarm.name) }));
  } catch (error) {
    toast("bad", sentence(error));
    if (error instanceof RequestError) refresh(); // what we show is not what the platform has
  } finally {
    sending.delete(alarm.id);
    changed("alarms");
  }
}

export function acknowledge(alarm) {
  const person = recall("operator", "");
  if (person && !alarm.needs_comment) send(alarm, person, "");
  else acknowledgeWithNote(alarm);
}

export function keepName(name) {
  const person = name.trim();
  remember("operator", person);
  changed("header");
  return person;
}

export const alarmIntro = (alarm) => h("p", { class: "dialog-text" }, h("b", {}, pick(alarm.name)), h("br"), pick(alarm.text));

export function acknowledgeWithNote(alarm) {
  const needed = alarm.needs_comment;
  ask({
    title: t("dialogAcknowledge"), intro: alarmIntro(alarm), action: t("acknowledge"),
    fields: [nameField(), h("p", { class: "hint" }, t("personHint")),
      labelled(needed ? "commentNeeded" : "comment", words("comment", { required: needed }))],
    focus: recall("operator", "") ? "textarea" : "input",
    send: ({ person, comment }) => { send(state.alarms.get(alarm.id) ?? alarm, keepName(person), comment.trim()); },
  });
}

export function askOperator() {
  ask({
    title: t("dialogOperator"), action: t("save"), fields: [nameField(), h("p", { class: "hint" }, t("personHint"))], focus: "input",
    send: ({ person }) => { keepName(person); },
  });
}
