// What the views on the platform itself are built of: panels, tables, lists of facts.

import { fill, h } from "./dom.js";
import { countText } from "./format.js";
import { state } from "./state.js";
import { pick, t } from "./text.js";

export function panel(name, title, ...children) {
  return h("section", { class: `panel ${name}` }, h("div", { class: "panel-head" }, h("h2", {}, title)), children);
}

export function empty(...children) {
  return h("div", { class: "empty" }, children);
}

// Columns by the key of their heading; those whose heading ends in "#" hold numbers.
export function table(columns, rows) {
  const head = columns.map((key) => h("th", { scope: "col", class: key.endsWith("#") ? "number" : null }, t(key.replace("#", ""))));
  const cell = (content) => (content instanceof Node && content.tagName === "TD" ? content : h("td", {}, content));
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map(cell))))));
}

export function facts(rows) {
  return h("dl", { class: "facts pad" }, rows.filter(Boolean).map(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)]));
}

export const number = (n) => h("td", { class: "number" }, countText(n));
export const bad = (text) => h("span", { class: "bad-text" }, text);
export const enterpriseName = (id) => pick(state.site.enterprises.find((enterprise) => enterprise.id === id)?.name) || id;

// Puts `nodes` in place of the children. One that would look the same stays; focus and scrolling stay where they were.
export function settle(parent, nodes) {
  if (parent.children.length !== nodes.length) return fill(parent, nodes);
  [...parent.children].forEach((old, i) => {
    const fresh = nodes[i];
    if (old.isEqualNode(fresh)) return;
    const places = [...old.querySelectorAll(".scroll")].map((node) => [node.scrollTop, node.scrollLeft]);
    const role = old.contains(document.activeElement) ? document.activeElement.dataset.role : null;
    old.replaceWith(fresh);
    if (role) (fresh.dataset.role === role ? fresh : fresh.querySelector(`[data-role="${CSS.escape(role)}"]`))?.focus();
    fresh.querySelectorAll(".scroll").forEach((node, k) => {
      if (places[k]) [node.scrollTop, node.scrollLeft] = places[k];
    });
  });
}
