// What a person can do to an alarm beside acknowledging it: shelve, take out of service, reset, close an external event.

import { acknowledgeWithNote, alarmIntro, alarmPath, keepName } from "./acknowledge.js";
import { ask, labelled, radios, words } from "./form.js";
import { h } from "./dom.js";
import { post } from "./link.js";
import { nameField } from "./person.js";
import { applyEvent, isOpen, recall } from "./state.js";
import { pick, t } from "./text.js";

const SHELF_MINUTES = ["15", "30", "60", "240"];
const ONCE = "once";

function act(alarm, { path, title, hint, field, needed, extra = [], body = () => ({}) }) {
  const name = t(title).replace("…", "");
  const label = field === "reason" ? "reasonNeeded" : needed ? "commentNeeded" : "comment";
  ask({
    title: name, action: name, focus: recall("operator", "") ? "textarea" : "input",
    intro: [alarmIntro(alarm), hint && h("p", { class: "hint" }, t(hint))],
    fields: [extra, labelled(label, words(field, { required: needed })), nameField()],
    send: async (said) => {
      const person = keepName(said.person);
      applyEvent(await post(alarmPath(alarm.id, path), { person, [field]: said[field].trim(), ...body(said) }));
      return t(`${path}Toast`, { name: pick(alarm.name) });
    },
  });
}

const withReason = { field: "reason", needed: true };
const withComment = { field: "comment", needed: false };

const shelfTimes = () => [...SHELF_MINUTES.map((minutes) => [minutes, t(`shelf${minutes}`)]), [ONCE, t("shelfOnce")]];

const shelve = (alarm) => act(alarm, {
  ...withReason, path: "shelve", title: "shelve", hint: "shelveHint", extra: radios("span", "shelfSpan", shelfTimes(), "30"),
  body: ({ span }) => (span === ONCE ? { once: true } : { minutes: Number(span) }),
});
const plain = (path, title, hint, more) => (alarm) => act(alarm, { path, title, hint, ...more });

const unshelve = plain("unshelve", "unshelve", "unshelveHint", withComment);
const takeOut = plain("out-of-service", "takeOut", "takeOutHint", withReason);
const putBack = plain("in-service", "putBack", "putBackHint", withComment);
const reset = plain("reset", "resetAlarm", "resetHint", withComment);
const close = plain("close", "closeEvent", "closeHint", { ...withComment, needed: true });

// What `alarm` allows now, the most likely first. Each: key of its name, whether it stands beside the menu, what it does.
export function actionsOf(alarm) {
  if (alarm.retrospective) return [];
  const held = new Set(alarm.suppressions.map(({ kind }) => kind));
  const found = [
    alarm.resettable && { key: "resetAlarm", first: true, call: reset },
    alarm.closable && { key: "closeEvent", first: !isOpen(alarm), call: close },
    held.has("out_of_service") && { key: "putBack", first: true, call: putBack },
    held.has("shelved") && { key: "unshelve", first: true, call: unshelve },
    isOpen(alarm) && { key: "noteAcknowledge", call: acknowledgeWithNote },
    { key: held.has("shelved") ? "shelveAnew" : "shelve", call: shelve },
    !held.has("out_of_service") && { key: "takeOut", call: takeOut },
  ];
  return found.filter(Boolean);
}
