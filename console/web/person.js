// Who does it: a name on the alarm side, a person of the site's list (with a PIN, where there is one) for cases and warnings.

import { fill, h } from "./dom.js";
import { recall, remember, state } from "./state.js";
import { pick, t } from "./text.js";

const NAME_LENGTH = 64;

export function nameField() {
  const names = h("datalist", { id: "names" }, state.persons.map((person) => h("option", { value: person.name })));
  return [
    h("label", { for: "person" }, t("person")),
    h("input", { id: "person", name: "person", required: true, maxlength: NAME_LENGTH, autocomplete: "name", list: "names", value: recall("operator", "") }),
    names,
  ];
}

const roleNames = (person) => person.roles.map(({ name }) => pick(name)).join(", ");
const label = (person) => (roleNames(person) === person.name ? person.name : `${person.name} · ${roleNames(person)}`);

// `fits` says whose turn it is; these come first, and one of them is proposed.
export function personField(fits) {
  const mine = state.persons.filter(fits);
  const rest = state.persons.filter((person) => !fits(person));
  const last = recall("handler", "");
  const chosen = mine.find(({ id }) => id === last) ?? mine[0] ?? rest.find(({ id }) => id === last);
  const option = (person) => h("option", { value: person.id, selected: person === chosen }, label(person));
  const group = (key, persons) => persons.length > 0 && h("optgroup", { label: t(key) }, persons.map(option));
  const pin = h("div", { class: "stack" });
  const showPin = (id) => fill(pin, state.persons.find((person) => person.id === id)?.pin && [
    h("label", { for: "pin" }, t("pin")),
    h("input", { id: "pin", name: "pin", type: "password", inputmode: "numeric", required: true, maxlength: NAME_LENGTH, autocomplete: "off" })]);
  const choice = h("select", { id: "person", name: "person", required: true, on: { change: () => showPin(choice.value) } },
    !chosen && h("option", { value: "" }, t("choosePerson")), group("inCharge", mine), group("othersNotInCharge", rest));
  showPin(chosen?.id);
  return [h("label", { for: "person" }, t("whoActs")), choice, pin];
}

export const rememberPerson = (id) => remember("handler", id);
