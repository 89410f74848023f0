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

// A role that is a person of its own goes by the name of the role, which there is in both languages.
const isRole = ({ name, roles }) => roles.length === 1 && roles[0].name.zh === name;
export const personName = (person) => (isRole(person) ? roleNames(person) : person.name);
const label = (person) => (isRole(person) ? roleNames(person) : `${person.name} · ${roleNames(person)}`);

// `fits` says how well a person fits, 0 not at all; those who do come first, and the best or the last chosen is proposed.
export function personField(fits) {
  const mine = state.persons.filter((person) => fits(person) > 0).sort((a, b) => fits(b) - fits(a));
  const rest = state.persons.filter((person) => !mine.includes(person));
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
