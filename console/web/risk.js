// 风险四色: district, enterprise, source; who has a colour now, why, since when, and who is handling it.

import { fill, h, setText } from "./dom.js";
import { momentText } from "./format.js";
import { due, solid, charge } from "./matter.js";
import { enterpriseName, settle } from "./panel.js";
import { now, state } from "./state.js";
import { pick, t, tierName } from "./text.js";

const SHOWN = 200;
let parts = null;

function build(section) {
  parts = { title: h("h2", {}), counts: h("span", { class: "chips" }), list: h("div", { class: "risk-tree" }) };
  fill(section, h("div", { class: "panel-head" }, parts.title, parts.counts), h("div", { class: "scroll" }, parts.list));
}

const alarmsOf = (risk) => new Set(risk.reasons.flatMap(({ alarms }) => alarms));

function since(risk) {
  const known = [...alarmsOf(risk)].map((id) => state.alarms.get(id)).filter(Boolean);
  return known.length ? Math.min(...known.map(({ raised }) => raised)) : null;
}

function casesOf(risk) {
  const alarms = alarmsOf(risk);
  return [...state.cases.values()].filter((found) => found.alarms.some((id) => alarms.has(id)));
}

function handling(risk) {
  const found = casesOf(risk);
  if (found.length === 0) return h("p", { class: "hint" }, t("nobodyHandles"));
  return h("ul", { class: "risk-cases" }, found.map((each) => h("li", {},
    h("a", { class: "place", href: `#/case/${encodeURIComponent(each.id)}` }, t("handledBy", { name: each.accepted_by || charge(each), state: t(`case_${each.state}`) })), " ", due(each))));
}

function sourceRow(risk) {
  const from = since(risk);
  return h("li", { class: `risk-source t${risk.tier}` },
    h("div", { class: "matter-head" }, solid(risk.tier),
      h("a", { class: "place", href: `#/source/${encodeURIComponent(risk.id)}` }, pick(risk.name)),
      risk.level > 0 && h("small", {}, t("inherent", { level: t(`level${risk.level}`) })),
      risk.simulated && h("span", { class: "badge sim" }, t("simulated")),
      from !== null && h("span", { class: "state" }, t("sinceTime", { time: momentText(from, now()) }))),
    h("ul", { class: "reasons" }, risk.reasons.map(({ text }) => h("li", {}, pick(text)))),
    handling(risk));
}

const normal = (n) => n > 0 && h("p", { class: "hint normal" }, t("othersNormal", { n }));
const byTier = (a, b) => b.tier - a.tier || pick(a.name).localeCompare(pick(b.name));

function enterprise(risk, sources) {
  const mine = sources.filter((source) => source.enterprise === risk.id).sort(byTier);
  const bad = mine.filter(({ tier }) => tier > 0);
  if (risk.tier === 0 && bad.length === 0) return null;
  return h("section", { class: `risk-enterprise t${risk.tier}` },
    h("div", { class: "matter-head" }, solid(risk.tier), h("h4", {}, pick(risk.name))),
    risk.tier > 0 && h("ul", { class: "reasons" }, risk.reasons.map(({ text }) => h("li", {}, pick(text)))),
    h("ul", {}, bad.slice(0, SHOWN).map(sourceRow)), normal(mine.length - bad.length));
}

function district(risk, enterprises, sources) {
  const mine = enterprises.filter((each) => each.district === risk.id || (risk.id === "" && !each.district)).sort(byTier);
  const shown = mine.map((each) => enterprise(each, sources)).filter(Boolean);
  return h("section", { class: `risk-district t${risk.tier}` },
    h("div", { class: "matter-head" }, solid(risk.tier), h("h3", {}, pick(risk.name) || risk.id || t("noDistrict")),
      risk.tier > 0 && h("span", { class: "subtitle" }, risk.reasons.map(({ text }) => pick(text)).join("；"))),
    shown, shown.length === 0 ? h("p", { class: "hint normal" }, t("districtNormal", { n: mine.length })) : normalEnterprises(mine.length - shown.length));
}

const normalEnterprises = (n) => n > 0 && h("p", { class: "hint normal" }, t("othersNormalEnterprise", { n }));

export function drawRisk(section) {
  if (!parts) build(section);
  setText(parts.title, t("riskMap"));
  const of = (scope) => state.risks.filter((risk) => risk.scope === scope);
  const [districts, enterprises, sources] = [of("district"), of("enterprise"), of("source")];
  const tiers = [4, 3, 2, 1, 0].map((tier) => [tier, sources.filter((risk) => risk.tier === tier).length]).filter(([, n]) => n > 0);
  fill(parts.counts, tiers.map(([tier, n]) => h("span", { class: `badge t${tier}` }, tierName(tier), " ", n)));
  const known = new Set(districts.map(({ id }) => id));
  const strays = enterprises.filter((each) => !known.has(each.district)).sort(byTier);
  settle(parts.list, state.risks.length === 0 ? [h("div", { class: "empty" }, h("p", {}, t(state.site.handling && state.handling === "ready" ? "noSources" : state.site.handling ? "handlingLoading" : "noHandling")))]
    : [...districts.sort(byTier).map((each) => district(each, enterprises, sources)), ...strays.map((each) => enterprise(each, sources)).filter(Boolean)]);
}

export const nameOfSubject = ({ scope, subject }) => {
  if (scope === "enterprise") return enterpriseName(subject);
  const source = state.sources.get(subject);
  return source ? `${pick(source.enterpriseName)} · ${pick(source.name)}` : subject;
};
