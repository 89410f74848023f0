// 通知: what people were told, by whom it was to be heard, and why what was not sent was not.

import { fill, h, keyed, setText } from "./dom.js";
import { momentText, timeText } from "./format.js";
import { request } from "./link.js";
import { settle } from "./panel.js";
import { draw, now, state } from "./state.js";
import { language, pick, t, tierName } from "./text.js";

const LIMIT = 300;
const EVERY_MS = 4000;
const OUTCOMES = ["", "waiting", "sent", "not_sent"];
const HEADS = ["deliveryNoted", "deliveryReceiver", "deliveryWhat", "deliveryOutcome", "deliveryWhy"];

const chosen = { outcome: "", filter: "" };
let parts = null;
let answer = null;
let failed = false;
let timer = null;
let turn = 0; // of requests: only the newest answer counts

async function load() {
  clearTimeout(timer);
  turn += 1;
  const mine = turn;
  const outcome = chosen.outcome ? `&outcome=${chosen.outcome}` : "";
  const fresh = await request(`api/deliveries?limit=${LIMIT}${outcome}`).catch(() => null);
  if (mine !== turn) return;
  failed = fresh === null;
  answer = fresh ?? answer;
  drawTelling();
  if (state.view === "telling") timer = setTimeout(load, EVERY_MS);
}

const outcomeText = (outcome) => t(outcome ? `delivery_${outcome}` : "deliveryAll");

function outcomeButton(outcome) {
  const choose = () => {
    chosen.outcome = outcome;
    answer = null;
    drawTelling();
    load();
  };
  const pressed = String(chosen.outcome === outcome);
  return h("button", { type: "button", "data-role": `outcome-${outcome}`, "aria-pressed": pressed, on: { click: choose } }, outcomeText(outcome));
}

function build(main) {
  const find = h("input", { type: "search", class: "find", on: { input: (event) => { chosen.filter = event.target.value; drawTelling(); } } });
  parts = {
    title: h("h2", {}), updated: h("span", { class: "subtitle" }), outcomes: h("div", { class: "choice", role: "group" }),
    find, head: h("thead", {}), body: h("tbody", {}), note: h("p", { class: "more" }), empty: h("div", { class: "empty" }),
  };
  parts.table = h("table", {}, parts.head, parts.body);
  fill(main, h("section", { class: "panel" },
    h("div", { class: "panel-head" }, parts.title, parts.updated, h("div", { class: "choices" }, parts.outcomes, find)),
    h("div", { class: "scroll" }, parts.table, parts.note, parts.empty)));
}

function drawTools() {
  setText(parts.title, t("telling"));
  settle(parts.outcomes, OUTCOMES.map(outcomeButton));
  parts.outcomes.setAttribute("aria-label", t("deliveryOutcome"));
  parts.find.placeholder = t("findDelivery");
  parts.find.setAttribute("aria-label", t("findDelivery"));
  parts.updated.classList.toggle("bad-text", failed);
  setText(parts.updated, failed ? t("tellingFailed") : answer ? t("updatedAt", { time: timeText(answer.now) }) : "");
}

function wanted(row) {
  const words = `${row.receiver} ${row.route} ${row.subject} ${row.text?.zh ?? ""} ${row.text?.en ?? ""}`.toLowerCase();
  return words.includes(chosen.filter.trim().toLowerCase());
}

function outcomeBadge(row) {
  const kind = { sent: "good", waiting: row.reason === "receiver_down" ? "bad" : "mute", not_sent: "mute" }[row.outcome];
  return h("span", { class: `badge ${kind}` }, outcomeText(row.outcome));
}

function whyNodes(row) {
  const sent = row.sent === null ? null : t("deliverySentAt", { time: momentText(row.sent, now()) });
  const tries = row.attempts > 1 || (row.attempts && row.sent === null) ? t("deliveryTries", { n: row.attempts }) : null;
  const due = row.outcome === "waiting" && row.due > now() ? t("deliveryDue", { time: momentText(row.due, now()) }) : null;
  return [
    h("p", {}, [pick(row.why), sent, due, tries].filter(Boolean).join(" · ")),
    row.error && h("p", { class: "bad-text" }, row.error),
  ];
}

function rowNode(row) {
  const marks = [row.drill && t("deliveryDrill"), row.simulated && !row.drill && t("simulated")].filter(Boolean);
  return h("tr", {},
    h("td", { class: "mono" }, momentText(row.noted, now())),
    h("td", { title: row.route }, row.receiver || t("deliveryNobody")),
    h("td", { class: "wide" },
      h("span", { class: `badge solid t${row.tier}` }, tierName(row.tier)), " ",
      h("b", {}, t(`happening_${row.happening}`)), " ", marks.map((mark) => h("span", { class: "badge" }, mark)), " ", pick(row.text) || row.subject),
    h("td", {}, outcomeBadge(row)),
    h("td", { class: "wide" }, whyNodes(row)));
}

function drawTelling() {
  if (state.view !== "telling") return;
  if (!parts) build(document.getElementById("telling"));
  drawTools();
  const rows = answer?.deliveries.filter(wanted) ?? [];
  parts.table.hidden = rows.length === 0;
  settle(parts.head, [h("tr", {}, HEADS.map((key) => h("th", { scope: "col" }, t(key))))]);
  const day = Math.floor(now() / 86400000);
  keyed(parts.body, rows, (row) => String(row.id), (row) => JSON.stringify([row, language(), day, row.due > now()]), rowNode);
  setText(parts.note, answer && answer.deliveries.length === LIMIT ? t("deliveryNewest", { n: LIMIT }) : "");
  parts.empty.hidden = rows.length > 0;
  if (answer === null) fill(parts.empty, h("p", {}, t(failed ? "tellingFailed" : "tellingLoading")));
  else if (answer.deliveries.length === 0) fill(parts.empty, h("b", {}, t("noDeliveries")), h("p", {}, t("noDeliveriesDo")));
  else fill(parts.empty, h("p", {}, t("noMatch")));
}

draw(["language", "view"], drawTelling);
draw(["view"], () => { if (state.view === "telling") load(); });
