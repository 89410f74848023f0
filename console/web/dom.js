// Builds elements. Every text becomes a text node: nothing that comes from outside is ever parsed as HTML.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, call] of Object.entries(value)) element.addEventListener(event, call);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export function fill(element, ...children) {
  const fresh = document.createDocumentFragment();
  append(fresh, children);
  element.replaceChildren(fresh);
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Children of `parent`, one an item, in order. A node is kept while its signature is the same, so that
// focus, scroll position and a half-read text survive; a rebuilt node gets the focus its predecessor had.
export function keyed(parent, items, key, signature, build) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  let place = parent.firstElementChild;
  for (const item of items) {
    const id = key(item);
    const sign = signature(item);
    let node = old.get(id);
    old.delete(id);
    if (!node || node.signature !== sign) {
      const fresh = build(item);
      fresh.dataset.key = id;
      fresh.signature = sign;
      const role = node && node.contains(focused) ? focused.dataset.role : null;
      if (node) {
        if (node === place) place = fresh;
        node.replaceWith(fresh);
      }
      node = fresh;
      if (role !== null) node.querySelector(`[data-role="${CSS.escape(role ?? "")}"]`)?.focus();
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old.values()) node.remove();
}
