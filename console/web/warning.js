// Deciding on a warning: release, adjust, decline, lift; and proposing one by hand. The machine only proposes.

import { h } from "./dom.js";
import { ask, labelled, newKey, radios, words } from "./form.js";
import { applyAnswer, waits } from "./handling.js";
import { post } from "./link.js";
import { solid } from "./matter.js";
import { personField, rememberPerson } from "./person.js";
import { state } from "./state.js";
import { pick, t, tierName } from "./text.js";

const TIERS = [1, 2, 3, 4];
const SCOPES = ["district", "enterprise", "source"];
const FORMS = {
  release: { words: false, kind: "primary", focus: "select" },
  adjust: { words: false, kind: "primary", focus: "input:checked", tiers: TIERS },
  decline: { words: true, kind: "primary", focus: "textarea" },
  lift: { words: false, kind: "primary", focus: "select" },
  propose: { words: true, kind: "primary", focus: "input:checked", tiers: [0, ...TIERS] },
};

const tierText = (tier) => (tier === 0 ? t("lift") : tierName(tier));
const mayRelease = (warning, tier) => ({ colours, roles }) =>
  (colours.includes(tier) ? 1 + roles.some(({ role }) => role === warning.chain[warning.step]?.role) : 0);

function act(warning, action) {
  const form = FORMS[action];
  const key = newKey();
  const name = t(`warning_do_${action}`);
  const now = warning.proposed || warning.tier;
  const needs = Math.max(warning.needs, warning.tier, 1);
  ask({
    title: name, action: name, kind: form.kind, focus: form.focus,
    intro: [h("p", { class: "dialog-text" }, solid(now), " ", h("b", {}, pick(warning.name)), h("br"), pick(warning.reason)), h("p", { class: "hint" }, t(`warningHint_${action}`, { colour: tierName(now) }))],
    fields: [
      form.tiers && radios("tier", "warningColour", form.tiers.filter((tier) => tier > 0 || warning.tier > 0).map((tier) => [String(tier), tierText(tier)]), String(now)),
      personField(action === "propose" ? () => 1 : mayRelease(warning, needs)), labelled(form.words ? "commentNeeded" : "comment", words("comment", { required: form.words })),
    ],
    send: async ({ person, pin = "", comment, tier }) => {
      const path = action === "adjust" ? "release" : action;
      const chosen = tier === undefined ? {} : { tier: Number(tier) };
      applyAnswer(await post(`api/warnings/${encodeURIComponent(warning.id)}/${path}`, { person, pin, comment: comment.trim(), key, ...chosen }));
      rememberPerson(person);
      return t("warningDone", { action: name, name: pick(warning.name) });
    },
  });
}

// A release without a colour takes the one proposed; with another it is an adjustment.
export function warningButtons(warning) {
  const allowed = new Set(warning.actions);
  const waiting = waits(warning);
  const found = [
    allowed.has("release") && waiting && warning.proposed > 0 && ["release", "primary"],
    allowed.has("lift") && ["lift", waiting && warning.proposed === 0 ? "primary" : "quiet"],
    allowed.has("release") && ["adjust", "quiet"],
    allowed.has("decline") && ["decline", "quiet"],
    allowed.has("propose") && warning.tier > 0 && ["propose", "quiet"],
  ];
  return found.filter(Boolean).map(([action, kind]) =>
    h("button", { type: "button", class: kind, "data-role": `do-${action}`, on: { click: () => act(state.warnings.get(warning.id) ?? warning, action) } },
      action === "release" ? t("releaseColour", { colour: tierName(warning.proposed) }) : t(`warning_do_${action}`)));
}

function subjectField(chosen) {
  const group = (scope) => h("optgroup", { label: t(`scope_${scope}`) }, state.risks.filter((risk) => risk.scope === scope).map((risk) => {
    const value = `${scope} ${risk.id}`;
    return h("option", { value, selected: value === chosen }, pick(risk.name));
  }));
  return labelled("warningSubject", h("select", { name: "subject", required: true }, SCOPES.map(group)));
}

export function proposeByHand(scope = "source", id = state.source) {
  const key = newKey();
  ask({
    title: t("proposeByHand"), action: t("proposeSend"), intro: h("p", { class: "hint" }, t("proposeHint")), focus: "textarea",
    fields: [subjectField(`${scope} ${id}`), radios("tier", "warningColour", TIERS.map((tier) => [String(tier), tierName(tier)]), "2"),
      labelled("warningReason", words("comment", { required: true })), personField(() => 1)],
    send: async ({ person, pin = "", subject, tier, comment }) => {
      const at = subject.indexOf(" ");
      const answer = await post("api/warnings", { person, pin, key, scope: subject.slice(0, at), subject: subject.slice(at + 1), tier: Number(tier), comment: comment.trim() });
      applyAnswer(answer);
      rememberPerson(person);
      location.hash = `#/warning/${encodeURIComponent(answer.warning.id)}`;
      return t("warningProposedToast");
    },
  });
}
