// The last lines of the journal of alarms.

import { sourceName } from "./alarm_card.js";
import { fill, h, keyed, setText } from "./dom.js";
import { momentText, timeText } from "./format.js";
import { draw, now, state } from "./state.js";
import { language, pick, t, tierName } from "./text.js";

const LONG = new Set(["raised", "worsened", "eased", "updated", "retrospective"]); // changes whose text is worth reading
let parts = null;

function build(section) {
  parts = { title: h("h2", {}), events: h("ol", { class: "events" }), empty: h("div", { class: "empty" }) };
  fill(section, h("div", { class: "panel-head" }, parts.title), h("div", { class: "scroll" }, parts.events, parts.empty));
}

function eventLine(event) {
  const { alarm } = event;
  const tier = alarm.tier || event.before;
  const full = pick(alarm.text);
  const short = !LONG.has(event.change);
  const where = short || !full.includes(alarm.tag) ? [sourceName(alarm.source), alarm.tag].filter(Boolean).join(" · ") : "";
  return h("li", { class: "event" },
    h("time", { title: momentText(event.noted, now()) }, timeText(event.at)),
    h("span", { class: `badge t${event.change === "cleared" ? 0 : tier}` }, event.change === "cleared" ? t("cleared") : tierName(tier)),
    h("span", { class: "event-text", title: full },
      h("b", {}, t(event.change)), " ", where, " ", short ? pick(alarm.name) : full,
      event.actor && h("em", {}, ` — ${event.actor}${event.comment ? `: ${event.comment}` : ""}`),
      alarm.simulated && [" ", h("span", { class: "badge sim" }, t("simulated"))]));
}

function drawJournal() {
  if (!parts) build(document.getElementById("journal"));
  setText(parts.title, t("journal"));
  keyed(parts.events, state.events, (event) => String(event.seq), () => language(), eventLine);
  parts.empty.hidden = state.events.length > 0;
  fill(parts.empty, h("p", {}, t("noEvents")));
}

draw(["site", "language", "events"], drawJournal);
