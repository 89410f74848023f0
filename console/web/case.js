// One case: where it stands, who is in charge until when, what has been done, and what can be done now.

import { ask, labelled, newKey, words } from "./form.js";
import { sourceName } from "./alarm_card.js";
import { fill, h } from "./dom.js";
import { momentText } from "./format.js";
import { applyAnswer, onLine } from "./handling.js";
import { post, RequestError, request } from "./link.js";
import { chain, charge, due, facts, history, marks, photos, solid } from "./matter.js";
import { enterpriseName, settle } from "./panel.js";
import { personField, rememberPerson } from "./person.js";
import { changed, draw, now, state } from "./state.js";
import { pick, t } from "./text.js";

const STEPS = ["dispatched", "accepted", "in_progress", "feedback", "verified", "closed"];
const NEEDS_WORDS = new Set(["feedback", "return", "reopen", "supervise"]);
const MAIN = ["accept", "start", "feedback", "verify", "close", "reopen"]; // the way on; the others lead aside
const AFTER_FEEDBACK = new Set(["feedback", "verified"]);

let shown = null; // {id, answer, error}

export async function loadCase(id) {
  if (shown?.id !== id) shown = { id, answer: null, error: null };
  try {
    const answer = await request(`api/cases/${encodeURIComponent(id)}`);
    if (shown.id === id) shown = { id, answer, error: null };
  } catch (error) {
    if (shown.id === id) shown.error = error;
  }
  changed("case");
}

// Who is in charge now before the rest of the chain; nobody of another enterprise. The platform has the last word.
const turnOf = (found, action) => (person) => {
  const elsewhere = person.enterprise && person.enterprise !== found.enterprise;
  const steps = person.roles.map(({ role }) => found.chain.findIndex((each) => each.role === role)).filter((step) => step >= 0);
  if (elsewhere || steps.length === 0) return 0;
  if (action === "supervise") return Math.max(...steps) > found.step ? 2 : 1;
  return steps.includes(found.step) ? 2 : 1;
};

export const addresses = (text) => text.split(/\s+/).filter(Boolean);
export const photoField = () => labelled("photoAddresses", h("textarea", { name: "photos", rows: 2, placeholder: "https://" }), t("photoHint"));

function act(found, action) {
  const key = newKey();
  const needed = NEEDS_WORDS.has(action);
  const name = actionName(found, action);
  ask({
    title: name, action: name,
    intro: [h("p", { class: "dialog-text" }, solid(found.tier), " ", h("b", {}, pick(found.title)), h("br"), pick(found.text)), h("p", { class: "hint" }, t(`caseHint_${action}`))],
    fields: [personField(turnOf(found, action)), labelled(action === "feedback" ? "feedbackText" : needed ? "commentNeeded" : "comment", words("comment", { required: needed })), action === "feedback" && photoField()],
    focus: needed ? "textarea" : "select",
    send: async ({ person, pin = "", comment, photos: added = "" }) => {
      applyAnswer(await post(`api/cases/${encodeURIComponent(found.id)}/${action}`, { person, pin, comment: comment.trim(), photos: addresses(added), key }));
      rememberPerson(person);
      return t("caseDone", { action: name });
    },
  });
}

const actionName = (found, action) => t(action === "close" && found.kind === "hazard" ? "case_do_strike" : `case_do_${action}`);

function buttons(found) {
  const order = [...MAIN, "return", "supervise"];
  const main = MAIN.find((action) => found.actions.includes(action) && !(action === "feedback" && AFTER_FEEDBACK.has(found.state)));
  return order.filter((action) => found.actions.includes(action)).map((action) =>
    h("button", { type: "button", class: action === main ? "primary" : "quiet", "data-role": `do-${action}`, on: { click: () => act(found, action) } }, actionName(found, action)));
}

function steps(found) {
  const at = STEPS.indexOf(found.state);
  return h("ol", { class: "steps", "aria-label": t("caseSteps") }, STEPS.map((step, i) =>
    h("li", { class: i < at ? "past" : i === at ? "here" : null, "aria-current": i === at ? "step" : null },
      t(step === "closed" && found.kind === "hazard" ? "case_struck" : `case_${step}`))));
}

function alarmLinks(found) {
  return found.alarms.map((id) => h("a", { class: "place", href: `#alarm=${encodeURIComponent(id)}` },
    state.alarms.has(id) ? `${pick(state.alarms.get(id).name)} ${state.alarms.get(id).tag}` : id));
}

function given(found) {
  if (found.feedback === null) return null;
  return h("section", { class: "given" }, h("h3", {}, t("feedbackBy", { name: found.feedback_by, time: momentText(found.feedback, now()) })),
    h("p", {}, found.feedback_text), photos(found.photos));
}

const who = (name, time) => `${name} · ${momentText(time, now())}`;

function body(found, lines) {
  const advice = pick(found.advice);
  const source = state.sources.has(found.source) ? h("a", { class: "place", href: `#/source/${encodeURIComponent(found.source)}` }, sourceName(found.source)) : found.source;
  return h("div", { class: "matter-one" },
    h("a", { class: "back", href: "#/cases" }, t("backToCases")),
    h("div", { class: "matter-head" }, solid(found.tier), h("h2", {}, pick(found.title)), found.kind === "hazard" && h("span", { class: "badge mute" }, t("hazard")), marks(found)),
    steps(found), h("div", { class: "matter-actions" }, buttons(found)),
    found.state !== "closed" && h("p", { class: "now" }, t("inChargeNow", { name: charge(found) }), due(found) ?? h("span", { class: "bad-text" }, t("clockStopped"))),
    h("p", { class: "matter-text" }, pick(found.text)),
    advice && h("p", { class: `advice t${found.tier}` }, h("b", {}, t("advice")), advice),
    given(found),
    facts([
      ["enterprise", enterpriseName(found.enterprise)], found.source && ["source", source], found.district && ["district", found.district],
      ["opened", `${momentText(found.opened, now())}${found.opened_by ? ` · ${found.opened_by}` : ""}`],
      found.limit !== null && ["hazardLimit", momentText(found.limit, now())],
      ["chain", chain(found)],
      found.alarms.length > 0 && ["caseAlarms", h("span", { class: "chips" }, alarmLinks(found))],
      found.accepted !== null && ["acceptedBy", who(found.accepted_by, found.accepted)],
      found.verified !== null && ["verifiedBy", who(found.verified_by, found.verified)],
      found.closed !== null && ["closedBy", who(found.closed_by, found.closed)],
      ["caseNumber", h("span", { class: "mono" }, found.id)],
    ]),
    h("h3", {}, t("history")), history(lines));
}

function trouble(error) {
  const said = error instanceof RequestError && error.text ? pick(error.text) : t("handlingFailed");
  return h("div", { class: "empty" }, h("p", {}, said), h("a", { class: "back", href: "#/cases" }, t("backToCases")));
}

export function drawCase(section) {
  if (state.caseId === null) return fill(section, h("div", { class: "empty" }, h("p", {}, t("chooseCase"))));
  const { answer, error } = shown ?? {};
  if (error && !answer) return fill(section, trouble(error));
  if (!answer) return fill(section, h("div", { class: "empty" }, h("p", {}, t("handlingLoading"))));
  settle(section, [h("div", { class: "scroll" }, body(state.cases.get(answer.case.id) ?? answer.case, answer.history))]);
}

onLine((line) => line.kind === "case" && line.subject === state.caseId && loadCase(state.caseId));
draw(["handling", "view"], () => state.view === "cases" && state.caseId !== null && loadCase(state.caseId));
