// The one dialog: what is asked, what was typed, and the sentence of whoever refuses it. Nothing typed is lost by a refusal.

import { fill, h } from "./dom.js";
import { RequestError } from "./link.js";
import { pick, t } from "./text.js";
import { toast } from "./toast.js";

export const WORDS_LENGTH = 500;
const KEY_BYTES = 16;

export const dialog = () => document.getElementById("dialog");
export const sentence = (error) => (error instanceof RequestError && error.text ? pick(error.text) : t("failedToast"));

// A name for what one form sends, so that it happens once; crypto.randomUUID is not there on a page without TLS.
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(KEY_BYTES))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

dialog().addEventListener("close", () => { dialog().className = ""; }); // the next one has a width of its own

let number = 0;

export function labelled(key, control, hint = null) {
  number += 1;
  control.id = `field-${number}`;
  return [h("label", { for: control.id }, t(key)), control, hint && h("p", { class: "hint" }, hint)];
}

export const line = (name, props = {}) => h("input", { name, ...props });
export const words = (name, props = {}) => h("textarea", { name, rows: 3, maxlength: WORDS_LENGTH, ...props });
export const choice = (name, options, chosen, props = {}) =>
  h("select", { name, ...props }, options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));

export function radios(name, legend, options, chosen) {
  return h("fieldset", { class: "radios" }, h("legend", {}, t(legend)), options.map(([value, text]) =>
    h("label", {}, h("input", { type: "radio", name, value, checked: value === chosen, required: true }), h("span", {}, text))));
}

// `send(values)` answers with what to say, or with false to leave the dialog as it is.
export function ask({ title, intro, fields, action, kind = "primary", send, focus }) {
  const box = dialog();
  const refusal = h("p", { class: "refusal bad", role: "alert", hidden: true });
  const go = h("button", { type: "submit", class: kind }, action);
  const form = h("form", {},
    h("h2", { id: "dialog-title" }, title), intro, fields, refusal,
    h("div", { class: "buttons" }, h("button", { type: "button", class: "quiet", on: { click: () => box.close() } }, t("cancel")), go));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    refusal.hidden = true;
    try {
      const said = await send(Object.fromEntries(new FormData(form)));
      if (said === false) return;
      if (form.isConnected) box.close();
      if (said) toast("good", said);
    } catch (error) {
      if (!form.isConnected || !box.open) return toast("bad", sentence(error));
      refusal.hidden = false;
      fill(refusal, sentence(error));
    } finally {
      go.disabled = false;
    }
  });
  show(form);
  (form.querySelector(focus ?? "input:not([value]), textarea, select, input") ?? go).focus();
}

export function show(content, kind = "") {
  const box = dialog();
  box.className = kind;
  fill(box, content);
  if (!box.open) box.showModal();
}
