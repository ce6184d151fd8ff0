// What stands in for the kernel in a saved page: a model that keeps its values to itself.
const values = JSON.parse(document.getElementById("state").textContent);
const listeners = new Map();
const hear = (event) => listeners.get(event) ?? listeners.set(event, new Set()).get(event);
const pageModel = {
  get: (name) => values[name],
  set(name, value) {
    if (values[name] === value) return;
    values[name] = value;
    hear(`change:${name}`).forEach((listener) => listener());
  },
  on: (event, listener) => hear(event).add(listener),
  off: (event, listener) => hear(event).delete(listener),
  save_changes() {},
};
explorer.render({ model: pageModel, el: document.getElementById("explorer") });
