// The list of sources, worst first, each with its risk colour.

import { fill, h, keyed, setText } from "./dom.js";
import { changed, draw, state } from "./state.js";
import { language, pick, sectorName, t, tierName } from "./text.js";

const SHOWN = 300;
let filter = "";
let parts = null;

function countsBySource() {
  const counts = new Map();
  for (const alarm of state.alarms.values()) {
    if (alarm.tier === 0) continue;
    const row = counts.get(alarm.source) ?? [0, 0, 0, 0, 0];
    row[alarm.tier] += 1;
    counts.set(alarm.source, row);
  }
  return counts;
}

function card({ source, tier, counts }) {
  const chips = [4, 3, 2, 1].filter((t_) => counts[t_]).map((t_) => h("span", { class: `badge t${t_}` }, tierName(t_), " ", counts[t_]));
  return h("li", {},
    h("button", {
      type: "button", class: `source t${tier}`, "data-role": "card", "aria-current": state.source === source.id ? "true" : null,
      on: { click: () => { location.hash = `#/source/${encodeURIComponent(source.id)}`; } },
    },
      h("span", { class: "source-head" },
        h("span", { class: "source-name" }, pick(source.name)),
        h("span", { class: `badge solid t${tier}` }, tierName(tier))),
      h("span", { class: "source-enterprise" }, pick(source.enterpriseName)),
      h("span", { class: "source-foot" },
        h("span", { class: "facts-line" }, h("span", {}, `${sectorName(source.sector)} · ${t("points", { n: source.points })}`),
          source.level > 0 && h("span", {}, t("inherent", { level: t(`level${source.level}`) }))),
        h("span", { class: "chips" }, chips))));
}

function build(section) {
  parts = {
    title: h("h2", {}),
    find: h("input", { type: "search", class: "find", on: { input: (event) => { filter = event.target.value; drawSources(); } } }),
    list: h("ul", { class: "cards" }),
    note: h("p", { class: "more" }),
    empty: h("div", { class: "empty" }),
  };
  fill(section, h("div", { class: "panel-head" }, parts.title, parts.find), h("div", { class: "scroll" }, parts.list, parts.note, parts.empty));
}

function matches(source) {
  const words = `${source.id} ${source.name.zh} ${source.name.en} ${source.enterpriseName.zh} ${source.enterpriseName.en}`;
  return words.toLowerCase().includes(filter.trim().toLowerCase());
}

function drawSources() {
  if (!parts) build(document.getElementById("sources"));
  setText(parts.title, t("sources"));
  parts.find.placeholder = t("find");
  parts.find.setAttribute("aria-label", t("findSource"));
  parts.find.hidden = state.sources.size < 6;
  const bySource = countsBySource();
  const found = [...state.sources.values()].filter(matches)
    .map((source) => ({ source, tier: state.colours.get(source.id) ?? 0, counts: bySource.get(source.id) ?? [0, 0, 0, 0, 0] }));
  found.sort((a, b) => b.tier - a.tier);
  const signature = (item) => JSON.stringify([item.tier, item.counts, state.source === item.source.id, language()]);
  keyed(parts.list, found.slice(0, SHOWN), (item) => item.source.id, signature, card);
  setText(parts.note, found.length > SHOWN ? t("more", { n: found.length - SHOWN }) : "");
  parts.empty.hidden = found.length > 0;
  if (state.sources.size === 0) fill(parts.empty, h("p", {}, t("noSources")));
  else fill(parts.empty, h("p", {}, t("noMatch")));
}

export function setSite(site) {
  state.site = site;
  state.sources = new Map(site.enterprises.flatMap((enterprise) =>
    enterprise.sources.map((source) => [source.id, { ...source, enterpriseName: enterprise.name }])));
  changed("site");
}

draw(["site", "language", "alarms", "colours", "selection"], drawSources);
