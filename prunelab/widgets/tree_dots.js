// The marks of the tree's nodes. Many nodes of one look are one path: a fold that changes the look of
// fifty nodes then costs the browser a handful of shapes to lay out, not fifty.

import { setAttributes, svgElement } from "./shared/controls.js";
import { classMark } from "./tree_marks.js";

const NODE_SHADES = 24; // colours of a regressor's nodes

/** draw(states, places): every node in the look of its state, at its place. */
export function createDots(data, color) {
  const group = svgElement("g", { class: "pl-dots" });
  const paths = new Map(); // a look's path, by state and tone
  const toneOf = tones(data);

  function pathOf(state, node) {
    const key = `${state} ${toneOf[node]}`;
    if (!paths.has(key)) {
      const path = svgElement("path", { "data-look": state });
      path.style.setProperty("--pl-color", color(toneOf[node]));
      paths.set(key, path);
      if (state === "gone") group.prepend(path); // what is folded lies beneath
      else group.append(path);
    }
    return paths.get(key);
  }

  function draw(states, { x, y, r }) {
    const marks = new Map([...paths.values()].map((path) => [path, ""]));
    states.forEach((state, node) => {
      const path = pathOf(state, node);
      const shape = data.kind === "classifier" && state !== "gone" ? data.value[node] : 0;
      const mark = classMark(shape, x[node], y[node], radius(r[node], state));
      marks.set(path, (marks.get(path) ?? "") + mark);
    });
    for (const [path, d] of marks) setAttributes(path, { d });
  }
  return { group, draw };
}

function radius(r, state) {
  if (state === "gone") return 0.7 * r;
  return Math.max(r, state === "folded" ? 4.2 : 0);
}

/** For each node the value whose colour it wears: its class, or its mean, rounded to a shade. */
function tones(data) {
  if (data.kind === "classifier") return data.value;
  const low = Math.min(...data.value);
  const step = (Math.max(...data.value) - low) / NODE_SHADES || 1;
  return data.value.map((value) => low + step * Math.round((value - low) / step));
}
