// Acknowledging several alarms: those that are on the screen and no other, as they were when the person was asked.

import { keepName } from "./acknowledge.js";
import { fill, h } from "./dom.js";
import { ask, labelled, show, words, dialog } from "./form.js";
import { post, refresh } from "./link.js";
import { nameField } from "./person.js";
import { applyEvent, isOpen, isSuppressed, recall, state } from "./state.js";
import { pick, t, tierName } from "./text.js";

const MOST = 200; // as the platform takes at once

// Unacknowledged alarms whose card is in view by its middle at least.
export function shownAlarms(scroller) {
  const view = scroller.getBoundingClientRect();
  const [top, bottom] = [Math.max(view.top, 0), Math.min(view.bottom, innerHeight)];
  const inView = (card) => {
    const at = card.getBoundingClientRect();
    const middle = (at.top + at.bottom) / 2;
    return at.height > 0 && middle >= top && middle <= bottom;
  };
  return [...scroller.querySelectorAll(".alarm")].filter(inView).map((card) => state.alarms.get(card.dataset.key))
    .filter((alarm) => alarm && isOpen(alarm) && !isSuppressed(alarm)).slice(0, MOST);
}

const row = (alarm, why = null) => h("li", {},
  h("span", { class: `badge solid t${alarm.tier}` }, tierName(alarm.tier)), h("span", {}, h("b", {}, pick(alarm.name)), " ", alarm.tag, why && h("em", {}, pick(why))));

function told(asked, { events, refused }) {
  events.forEach(applyEvent);
  if (refused.length === 0) return t("bulkToast", { n: events.length });
  refresh(); // what we show is not what the platform has
  const byId = new Map(asked.map((alarm) => [alarm.id, alarm]));
  const rows = refused.map(({ id, message }) => row(byId.get(id), message));
  const done = h("button", { type: "button", class: "primary", on: { click: () => dialog().close() } }, t("close"));
  show(h("form", {}, h("h2", { id: "dialog-title" }, t("bulkRefused", { n: refused.length, done: events.length })),
    h("ul", { class: "bulk-list" }, rows), h("div", { class: "buttons" }, done)));
  done.focus();
  return false;
}

export function acknowledgeShown(scroller) {
  const asked = shownAlarms(scroller);
  if (asked.length === 0) return;
  const seq = Math.max(state.seq ?? 0, ...asked.map((alarm) => alarm.seq ?? 0));
  const needed = asked.some((alarm) => alarm.needs_comment);
  const intro = h("ul", { class: "bulk-list" });
  fill(intro, asked.map((alarm) => row(alarm)));
  ask({
    title: t("bulkTitle", { n: asked.length }), action: t("acknowledge"), intro: [intro, h("p", { class: "hint" }, t("bulkHint"))],
    fields: [nameField(), labelled(needed ? "commentNeeded" : "comment", words("comment", { required: needed }))],
    focus: recall("operator", "") ? "textarea" : "input",
    send: async ({ person, comment }) =>
      told(asked, await post("api/alarms/acknowledge", { person: keepName(person), comment: comment.trim(), ids: asked.map(({ id }) => id), seq })),
  });
}
