// All that is known of one alarm, open or long ended: its card, what can be done, its lines, its cases.

import { actionsOf } from "./alarm_action.js";
import { acknowledgeButton, alarmCard, outside } from "./alarm_card.js";
import { h } from "./dom.js";
import { dialog, sentence, show } from "./form.js";
import { momentText } from "./format.js";
import { request } from "./link.js";
import { draw, isOpen, now, state } from "./state.js";
import { pick, t, tierName } from "./text.js";
import { tickTimes } from "./tick.js";
import { toast } from "./toast.js";

let shown = null; // what the dialog shows: id, seq, and the answers on it

const closeDialog = () => dialog().close();

function lineNode(event) {
  const tier = event.alarm.tier || event.before;
  const suppressed = event.effects.includes("withhold") && t("withheld");
  const folded = event.effects.includes("fold") && t("foldedLine");
  return h("li", {},
    h("time", {}, momentText(event.at, now())), h("span", { class: `badge t${event.change === "cleared" ? 0 : tier}` }, tierName(event.alarm.tier)),
    h("span", {}, h("b", {}, t(event.change)), event.actor && ` ${event.actor}`, event.comment && h("q", {}, event.comment),
      (suppressed || folded) && h("small", {}, ` ${[suppressed, folded].filter(Boolean).join(" · ")}`)));
}

function caseLine(found) {
  return h("li", {}, h("a", { href: `#/case/${encodeURIComponent(found.id)}`, on: { click: closeDialog } }, found.id), " ",
    h("span", { class: `badge t${found.tier}` }, t(`case_${found.state}`)));
}

function buttons(alarm) {
  return [
    ...actionsOf(alarm).map(({ key, call }) => h("button", { type: "button", class: "quiet", on: { click: () => call(alarm) } }, t(key))),
    isOpen(alarm) && acknowledgeButton(alarm),
  ];
}

function drawDetail() {
  const { answer, cases } = shown;
  const alarm = state.alarms.get(shown.id) ?? answer.alarm;
  const ended = !state.alarms.has(alarm.id);
  const picture = alarm.links?.picture;
  const role = dialog().contains(document.activeElement) ? document.activeElement.dataset.role : null;
  show(h("div", { class: "detail" },
    h("h2", { id: "dialog-title" }, t("alarmDetails"), " ", h("small", { class: "mono" }, alarm.id)),
    h("ol", { class: "alarm-list" }, alarmCard(alarm)),
    ended && h("p", { class: "hint" }, t("alarmEnded")),
    picture && outside(picture, t("picture")),
    cases.length > 0 && [h("h3", {}, t("cases")), h("ul", { class: "lines" }, cases.map(caseLine))],
    h("h3", {}, t("history")), h("ol", { class: "lines" }, answer.events.map(lineNode)),
    h("div", { class: "buttons" }, !ended && buttons(alarm), h("button", { type: "button", class: "quiet", "data-role": "close", on: { click: closeDialog } }, t("close")))), "wide");
  tickTimes(dialog());
  dialog().querySelector(`[data-role="${CSS.escape(role ?? "close")}"]`)?.focus();
}

const isShown = () => shown !== null && dialog().open && dialog().querySelector(".detail") !== null;
const newest = (id) => state.alarms.get(id)?.seq ?? null;

export async function showAlarm(id) {
  try {
    const seq = newest(id);
    const [answer, cases] = await Promise.all([
      request(`api/alarms/${encodeURIComponent(id)}`),
      state.site.handling ? request(`api/cases?state=all&alarm=${encodeURIComponent(id)}`).catch(() => ({ cases: [] })) : { cases: [] }]);
    shown = { id, seq, answer, cases: cases.cases };
    drawDetail();
  } catch (error) {
    toast("bad", sentence(error));
  }
}

// It follows what happens to the alarm while the dialog is open.
draw(["alarms"], () => {
  if (!isShown() || newest(shown.id) === shown.seq) return;
  shown.seq = newest(shown.id);
  showAlarm(shown.id);
});
draw(["language"], () => isShown() && drawDetail());
