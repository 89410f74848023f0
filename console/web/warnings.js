// 预警: what waits for a decision, what is in force, what has ended; and one of them with its history.

import { fill, h, keyed, setText } from "./dom.js";
import { momentText } from "./format.js";
import { isLate, onLine, waits, worstDueFirst } from "./handling.js";
import { request } from "./link.js";
import { chain, charge, due, history, marks, solid } from "./matter.js";
import { settle } from "./panel.js";
import { personName } from "./person.js";
import { drawRisk } from "./risk.js";
import { changed, draw, now, state } from "./state.js";
import { language, pick, t, tierName } from "./text.js";
import { tickTimes } from "./tick.js";
import { toast } from "./toast.js";
import { sentence } from "./form.js";
import { proposeByHand, warningButtons } from "./warning.js";

const ENDED_LIMIT = 100;
const TABS = ["waiting", "inForce", "ended"];
let tab = null; // the one chosen by hand; otherwise the first that has something
let parts = null;
let ended = { warnings: [], failed: false };
const lines = new Map(); // id -> its history, of those whose history is shown

async function loadEnded() {
  const answer = await request(`api/warnings?state=closed&limit=${ENDED_LIMIT}`).catch(() => null);
  ended = { warnings: answer?.warnings ?? ended.warnings, failed: answer === null };
  changed("warnings");
}

// Shows the history of a warning; one that is not in a list already is put among those that ended.
export async function showWarning(id) {
  state.warningId = id;
  try {
    const answer = await request(`api/warnings/${encodeURIComponent(id)}`);
    lines.set(id, answer.history);
    const { warning } = answer;
    if (["declined", "lifted"].includes(warning.state)) {
      tab = "ended";
      await loadEnded();
      if (!ended.warnings.some((known) => known.id === id)) ended.warnings.unshift(warning);
    } else tab = waits(warning) ? "waiting" : "inForce";
  } catch (error) {
    toast("bad", sentence(error));
  }
  changed("warnings");
  const reveal = () => parts?.list.querySelector(".chosen")?.scrollIntoView({ block: "nearest" });
  requestAnimationFrame(() => requestAnimationFrame(reveal)); // once it is drawn
}

const open = () => [...state.warnings.values()].sort(worst);
const worst = (a, b) => Math.max(b.tier, b.proposed ?? 0) - Math.max(a.tier, a.proposed ?? 0) || worstDueFirst(a, b);
const OF = { waiting: () => open().filter(waits), inForce: () => open().filter(({ tier }) => tier > 0), ended: () => ended.warnings };
const currentTab = () => tab ?? TABS.find((name) => OF[name]().length > 0) ?? "waiting";

function choose(name) {
  tab = name;
  if (name === "ended") loadEnded();
  changed("warnings");
}

function tabButton(name) {
  const count = name === "ended" && currentTab() !== "ended" ? "" : ` ${OF[name]().length}`;
  return h("button", { type: "button", "data-role": `warnings-${name}`, "aria-pressed": String(currentTab() === name), on: { click: () => choose(name) } }, t(`warnings_${name}`), count);
}

function standing(warning) {
  if (warning.state === "released") return t("warningInForce", { colour: tierName(warning.tier) });
  if (warning.state === "proposed") return t("warningProposed", { colour: tierName(warning.proposed) });
  if (warning.state === "change_proposed") {
    const to = warning.proposed === 0 ? t("toBeLifted") : t("toBe", { colour: tierName(warning.proposed) });
    return t("warningChange", { colour: tierName(warning.tier), to });
  }
  return t(`warning_${warning.state}`);
}

function decision(warning) {
  if (!waits(warning)) return null;
  return h("div", { class: "decision" },
    h("p", { class: "now" }, t("decidedBy", { name: charge(warning) }), due(warning) ?? h("span", { class: "bad-text" }, t("clockStopped"))),
    h("p", { class: "hint" }, t("needsAuthority", { colour: tierName(warning.needs), names: releasers(warning.needs) })));
}

function releasers(tier) {
  const names = state.persons.filter(({ colours }) => colours.includes(tier)).map(personName);
  return names.length ? names.join(language() === "zh" ? "、" : ", ") : t("nobody");
}

function byWhom(warning) {
  const said = [
    t("proposedAt", { time: momentText(warning.opened, now()), name: warning.by_machine ? t("machine") : warning.proposed_by }),
    warning.released !== null && t("releasedAt", { time: momentText(warning.released, now()), name: warning.released_by }),
    warning.ended !== null && t(warning.state === "declined" ? "declinedAt" : "liftedAt", { time: momentText(warning.ended, now()), name: warning.ended_by }),
  ];
  return said.filter(Boolean).join(" · ");
}

function historyOf(id) {
  const known = lines.get(id);
  const toggle = () => {
    if (!lines.delete(id)) return showWarning(id);
    changed("warnings");
  };
  return [h("button", { type: "button", class: "link", "data-role": "history", "aria-expanded": String(known !== undefined), on: { click: toggle } }, t(known ? "hideHistory" : "showHistory")),
    known && history(known)];
}

function card(warning) {
  const tier = warning.proposed || warning.tier;
  return h("li", { class: `warning t${tier}${state.warningId === warning.id ? " chosen" : ""}` },
    h("div", { class: "alarm-bar", "aria-hidden": "true" }),
    h("div", { class: "alarm-body" },
      h("div", { class: "matter-head" }, solid(tier), h("b", {}, pick(warning.name)), h("small", {}, t(`scope_${warning.scope}`)), h("span", { class: "state" }, standing(warning))),
      h("p", { class: "reason" }, pick(warning.reason)),
      h("div", { class: "matter-meta" }, marks(warning), h("span", {}, byWhom(warning))),
      decision(warning),
      chain(warning),
      h("div", { class: "matter-actions" }, warningButtons(warning)),
      historyOf(warning.id)));
}

function build(main) {
  parts = {
    title: h("h2", {}), propose: h("button", { type: "button", class: "quiet small", "data-role": "propose", on: { click: () => proposeByHand() } }),
    tabs: h("div", { class: "choice", role: "group" }), list: h("ul", { class: "matters" }), empty: h("div", { class: "empty" }),
    risk: h("section", { class: "panel", id: "risk" }),
  };
  fill(main,
    h("section", { class: "panel list" }, h("div", { class: "panel-head" }, parts.title, parts.propose),
      h("div", { class: "list-tools" }, parts.tabs), h("div", { class: "scroll" }, parts.list, parts.empty)),
    parts.risk);
}

function drawEmpty(n, name) {
  parts.empty.hidden = n > 0;
  if (n > 0) return;
  if (!state.site.handling) return fill(parts.empty, h("p", {}, t("noHandling")));
  if (state.handling !== "ready" || (name === "ended" && ended.failed)) return fill(parts.empty, h("p", {}, t(state.handling === "loading" ? "handlingLoading" : "handlingFailed")));
  fill(parts.empty, h("b", {}, t(`noWarnings_${name}`)), h("p", {}, t(`noWarningsDo_${name}`)));
}

function drawWarnings() {
  if (state.view !== "warnings" || !state.site) return;
  const main = document.getElementById("warnings");
  if (!parts) build(main);
  setText(parts.title, t("warnings"));
  setText(parts.propose, t("proposeByHand"));
  parts.propose.hidden = !state.site.handling;
  parts.propose.disabled = state.persons.length === 0; // nobody to choose yet
  const name = currentTab();
  settle(parts.tabs, TABS.map(tabButton));
  parts.tabs.setAttribute("aria-label", t("warnings"));
  const mine = OF[name]();
  keyed(parts.list, mine, (warning) => warning.id, (warning) => JSON.stringify([warning, isLate(warning), lines.get(warning.id)?.length, state.warningId === warning.id, state.persons.length, language()]), card);
  drawEmpty(mine.length, name);
  drawRisk(parts.risk);
  tickTimes(main);
}

onLine((line) => {
  if (line.kind !== "warning") return;
  if (currentTab() === "ended") loadEnded();
  const known = lines.get(line.subject);
  if (known && !known.some(({ seq }) => seq === line.seq)) lines.set(line.subject, [...known, line]);
});
draw(["site", "language", "view", "warnings", "risks", "cases", "alarms", "handling"], drawWarnings);
