// Parts of a picture that are made once and moved ever after: making them anew costs a layout each.

import { setAttributes, setText, svgElement } from "./shared/controls.js";

/** Bring kept nodes into a parent, in this order, with as few moves as one more or less needs. */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  [...parent.children].filter((node) => !wanted.has(node)).forEach((node) => node.remove());
  nodes.forEach((node, i) => {
    if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null);
  });
}

/** Texts of a scale, in the nodes that are there already: {x, y, text, anchor, kind}. */
export function writeTexts(group, texts) {
  texts.forEach((text, i) =>
    placeText(group.children[i] ?? group.appendChild(svgElement("text")), text));
  while (group.children.length > texts.length) group.lastChild.remove();
}

function placeText(node, { x, y, text, anchor = "start", kind = "" }) {
  setAttributes(node, { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, class: kind });
  setText(node, text);
}
