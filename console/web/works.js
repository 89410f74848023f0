// 作业: maintenance windows, which suppress alarms by design, and permits 作业票, which are shown as context.

import { ask, choice, labelled, line, radios, words } from "./form.js";
import { fill, h, setText } from "./dom.js";
import { fromLocalInput, localInput, momentText } from "./format.js";
import { keepName } from "./acknowledge.js";
import { placeFields } from "./hazard.js";
import { post, request } from "./link.js";
import { settle, table } from "./panel.js";
import { nameField } from "./person.js";
import { nameOfSubject } from "./risk.js";
import { applyWork, changed, draw, now, state } from "./state.js";
import { pick, t, tierName } from "./text.js";
import { toast } from "./toast.js";

const HOURS = 2;
const HOUR_MS = 3600000;
const MOST = ["1", "2", "3", "4"];
let parts = null;
let past = { shown: false, works: [] };

async function loadPast() {
  const answer = await request("api/works?past=true").catch(() => null);
  if (answer === null) toast("bad", t("worksFailed"));
  past.works = answer?.works ?? past.works;
  changed("works");
}

function showPast(shown) {
  past.shown = shown;
  if (shown) loadPast();
  changed("works");
}

function end(work) {
  ask({
    title: t("endWork"), action: t("endWork"), focus: "input", fields: nameField(),
    intro: [h("p", { class: "dialog-text" }, h("b", {}, t(work.kind === "permit" ? "permit" : "maintenance")), " ", nameOfSubject(work), h("br"), work.reason), h("p", { class: "hint" }, t("endWorkHint"))],
    send: async ({ person }) => {
      applyWork(await post(`api/works/${work.id}/end`, { person: keepName(person) }));
      if (past.shown) loadPast();
      return t("workEnded");
    },
  });
}

// Which points there are is asked once a source is chosen; without one the work is on the whole of it.
function pointField(source) {
  const point = choice("point", [["", t("wholeSource")]], "");
  source.addEventListener("change", async () => {
    const id = source.value;
    fill(point, h("option", { value: "" }, t("wholeSource")));
    const answer = id ? await request(`api/sources/${encodeURIComponent(id)}/points`).catch(() => null) : null;
    if (answer && source.value === id) point.append(...answer.points.map((each) => h("option", { value: each.id }, `${each.tag} ${each.name ?? ""}`)));
  });
  return labelled("point", point);
}

function subjectOf({ enterprise, source, point }) {
  if (point) return { scope: "point", subject: point };
  return source ? { scope: "source", subject: source } : { scope: "enterprise", subject: enterprise };
}

export function addWork() {
  const place = placeFields();
  const began = localInput(now());
  ask({
    title: t("addWork"), action: t("enter"), intro: h("p", { class: "hint" }, t("workHint")), focus: "textarea",
    fields: [
      radios("kind", "workKind", [["maintenance", t("maintenance")], ["permit", t("permit")]], "maintenance"), place.fields, pointField(place.source),
      h("div", { class: "pair" }, h("div", {}, labelled("workStart", line("start", { type: "datetime-local", value: began, required: true }))),
        h("div", {}, labelled("workEnd", line("end", { type: "datetime-local", value: localInput(now() + HOURS * HOUR_MS), required: true })))),
      labelled("workReason", words("reason", { required: true, rows: 2 })), labelled("workMost", choice("most", MOST.map((tier) => [tier, tierName(tier)]), "3"), t("workMostHint")), nameField(),
    ],
    send: async (said) => {
      const start = said.start === began ? {} : { start: fromLocalInput(said.start) };
      applyWork(await post("api/works", { kind: said.kind, ...subjectOf(said), ...start, end: fromLocalInput(said.end), reason: said.reason.trim(), person: keepName(said.person), most: Number(said.most) }));
      if (past.shown) loadPast();
      return t("workEntered");
    },
  });
}

function standing(work) {
  if (work.ended !== null) return h("span", { class: "badge mute" }, t("workEndedBy", { name: work.ended_by || t("machine"), time: momentText(work.ended, now()) }));
  if (work.end <= now()) return h("span", { class: "badge mute" }, t("workOver"));
  return work.start > now() ? h("span", { class: "badge t1" }, t("workToCome")) : h("span", { class: "badge good" }, t("workOn"));
}

function cells(work) {
  const open = work.ended === null && work.end > now();
  return [
    h("b", {}, t(work.kind)), h("td", { class: "wide" }, work.scope === "point" ? work.subject : nameOfSubject(work), " ", h("small", {}, t(`scope_${work.scope}`))),
    standing(work), `${momentText(work.start, now())} → ${momentText(work.end, now())}`, h("td", { class: "wide" }, work.reason), work.person,
    work.kind === "permit" ? t("permitOnly") : t("workMostUpTo", { colour: tierName(work.most) }),
    open ? h("button", { type: "button", class: "quiet small", "data-role": `end-${work.id}`, on: { click: () => end(work) } }, t("endWork")) : "",
  ];
}

function build(main) {
  parts = {
    title: h("h2", {}), add: h("button", { type: "button", class: "primary small", "data-role": "add-work", on: { click: addWork } }),
    past: h("input", { type: "checkbox", on: { change: (event) => showPast(event.target.checked) } }), pastText: h("span", {}), hint: h("p", { class: "hint pad" }), body: h("div", { class: "works-body" }),
  };
  fill(main, h("section", { class: "panel" },
    h("div", { class: "panel-head" }, parts.title, h("label", { class: "check" }, parts.past, parts.pastText), parts.add), parts.hint, parts.body));
}

function drawWorks() {
  if (state.view !== "works" || !state.site) return;
  if (!parts) build(document.getElementById("works"));
  setText(parts.title, t("works"));
  setText(parts.add, t("addWork"));
  setText(parts.pastText, t("worksPast"));
  setText(parts.hint, t("worksHint"));
  const works = past.shown ? past.works : state.works;
  settle(parts.body, [works.length === 0 ? h("div", { class: "empty" }, h("b", {}, t("noWorks")), h("p", {}, t("noWorksDo")))
    : table(["workKind", "workWhere", "workStanding", "workTime", "workReason", "workPerson", "workMostShort", ""], works.map(cells))]);
}

draw(["site", "language", "view", "works"], drawWorks);
