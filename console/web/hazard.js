// Reporting a hidden hazard 隐患 that a person has found: it runs the same loop as a case until it is struck off.

import { addresses, photoField } from "./case.js";
import { fill, h } from "./dom.js";
import { ask, choice, labelled, line, newKey, radios, words } from "./form.js";
import { fromLocalInput } from "./format.js";
import { applyAnswer } from "./handling.js";
import { post } from "./link.js";
import { personField, rememberPerson } from "./person.js";
import { state } from "./state.js";
import { pick, t, tierName } from "./text.js";

const TITLE_LENGTH = 100;
const TIERS = ["1", "2", "3", "4"];

const sourceOptions = (enterprise) => [["", t("wholeEnterprise")],
  ...[...state.sources.values()].filter((source) => source.enterprise === enterprise).map((source) => [source.id, pick(source.name)])];

// Two lists, the second of what belongs to what is chosen in the first.
export function placeFields() {
  const enterprises = state.site.enterprises.map((enterprise) => [enterprise.id, pick(enterprise.name)]);
  const mine = state.sources.get(state.source)?.enterprise ?? enterprises[0]?.[0];
  const source = choice("source", sourceOptions(mine), "");
  const refill = (event) => {
    fill(source, sourceOptions(event.target.value).map(([value, text]) => h("option", { value }, text)));
    source.dispatchEvent(new Event("change"));
  };
  const enterprise = choice("enterprise", enterprises, mine, { required: true, on: { change: refill } });
  return { fields: [labelled("enterprise", enterprise), labelled("source", source)], enterprise, source };
}

export function askHazard() {
  const key = newKey();
  ask({
    title: t("reportHazard"), action: t("report"), intro: h("p", { class: "hint" }, t("hazardHint")),
    fields: [
      labelled("hazardTitle", line("title", { required: true, maxlength: TITLE_LENGTH })), labelled("hazardText", words("text")),
      radios("tier", "hazardTier", TIERS.map((tier) => [tier, tierName(tier)]), "1"), placeFields().fields,
      labelled("hazardLimit", line("limit", { type: "datetime-local" }), t("hazardLimitHint")), photoField(), personField(() => 1),
    ],
    focus: "input",
    send: async ({ person, pin = "", title, text, tier, enterprise, source, limit, photos }) => {
      const answer = await post("api/cases", {
        kind: "hazard", person, pin, key, title: title.trim(), text: text.trim(), tier: Number(tier), enterprise, source,
        photos: addresses(photos), limit: limit ? fromLocalInput(limit) : null,
      });
      applyAnswer(answer);
      rememberPerson(person);
      location.hash = `#/case/${encodeURIComponent(answer.case.id)}`;
      return t("hazardReported");
    },
  });
}
