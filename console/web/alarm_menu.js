// The menu of an alarm's actions: a popover beside its button, walked with the arrow keys, closed by Escape or a click elsewhere.

import { actionsOf } from "./alarm_action.js";
import { fill, h } from "./dom.js";
import { state } from "./state.js";
import { t } from "./text.js";

const GAP = 4;
let opener = null;
let openedAt = 0; // where the button was on the screen

const menu = () => document.getElementById("menu");

function step(event) {
  const items = [...menu().querySelectorAll("[role=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (event.key === "Tab") return menu().hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  items.at(to % items.length)?.focus();
}

function item(text, call) {
  const choose = () => {
    menu().hidePopover();
    call();
  };
  return h("button", { type: "button", role: "menuitem", tabindex: -1, on: { click: choose } }, text);
}

function place(button) {
  const [at, size] = [button.getBoundingClientRect(), menu().getBoundingClientRect()];
  openedAt = at.top;
  const below = at.bottom + GAP + size.height <= innerHeight;
  const top = below ? at.bottom + GAP : Math.max(GAP, at.top - GAP - size.height);
  Object.assign(menu().style, { top: `${top}px`, left: `${Math.max(GAP, at.right - size.width)}px` });
}

export function openMenu(button, id, details) {
  const alarm = state.alarms.get(id);
  if (!alarm) return;
  opener = button;
  const items = actionsOf(alarm).map(({ key, call }) => item(t(key), () => call(state.alarms.get(id) ?? alarm)));
  fill(menu(), [...items, item(t("alarmDetails"), details)]);
  menu().setAttribute("aria-label", t("moreActions"));
  menu().showPopover();
  place(button);
  menu().querySelector("[role=menuitem]").focus();
}

menu().addEventListener("keydown", step);
menu().addEventListener("toggle", ({ newState }) => opener?.setAttribute("aria-expanded", String(newState === "open")));
// The list scrolls away under an open menu: it would stand beside another alarm.
document.addEventListener("scroll", () => {
  if (menu().matches(":popover-open") && opener.getBoundingClientRect().top !== openedAt) menu().hidePopover();
}, true);
