// The card of the MaskExplorer: its panels, controls and words.

import { cardWords, codeBox, heading } from "../shared/card.js";
import { choice, element, setAttributes, setText } from "../shared/controls.js";
import { fourDigits, percentOf } from "../shared/numbers.js";
import { GROUP } from "./math.js";
import { edgeNote } from "./histogram.js";
import { describeMask, headlineOf, maskCode, titleOf } from "./words.js";

export function buildMaskCard({ data, choice: layers, knob, heatmap, histogram, losses, onChoice }) {
  const { headline, title, caption, notice, words } = cardWords("mask");
  const pattern = choice("pattern", Object.keys(data.patterns), (name) => onChoice("pattern", name));
  const criterion = choice("criterion", Object.keys(data.criteria), (name) => onChoice("criterion", name));
  const about = element("p", { class: "pl-about" });
  const pixels = element("p", { class: "pl-look" });
  const edges = element("p", { class: "pl-look" });
  const panel = (kind, text, picture, ...children) => {
    const head = heading(text);
    if (picture) {
      setAttributes(picture,
        { "aria-labelledby": `${head.id} ${headline.id}`, "aria-describedby": caption.id });
    }
    return element("section", { class: `pl-panel ${kind}`, "aria-labelledby": head.id },
      head, ...children);
  };
  const { box, code } = codeBox("the mask in NumPy and tfmot");
  const stage = element("div", { class: "pl-stage pl-heat-stage" }, heatmap.canvas);
  const card = element("div", { class: "pl-card", role: "group", "aria-label": "Mask explorer" },
    headline, title,
    element("div", { class: "pl-mask-controls" }, ...(layers ? [layers] : []), knob.row,
      pattern.group, criterion.group, about),
    words,
    element("div", { class: "pl-mask-pair" },
      panel("pl-heat-panel", `what stays of ${data.name}: inputs down, neurons across`,
        heatmap.canvas, signKey(), stage, pixels),
      element("div", {},
        panel("pl-histogram-panel", "the weights, by value", histogram.svg, histogramKey(),
          element("div", { class: "pl-stage" }, histogram.svg), edges),
        panel("pl-losses-panel", lossHeading(data.losses), losses.svg,
          ...(data.losses ? [lossKey(data)] : []), losses.node))),
    box);
  return { card, headline, title, caption, notice, words, pattern, criterion, about, pixels,
    edges, code, stage, knob };
}

const lossHeading = (losses) => (losses
  ? `${losses.measured_on} loss before any retraining, ${losses.masked}`
  : "what it costs");

function key(...items) {
  return element("div", { class: "pl-legend pl-mask-key", "aria-hidden": "true" },
    ...items.map(([kind, text]) => element("span", { class: `pl-item pl-swatch-${kind}` }, text)));
}

const signKey = () => key(["positive", "positive, stays"], ["negative", "negative, stays"],
  ["gone", "cut"]);
const histogramKey = () => key(["stay", "stays"], ["cut", "cut"], ["edge", "threshold"]);

function lossKey({ criteria, losses: { draws, curves } }) {
  const spread = draws > 1 && Object.keys(curves).some((name) => name.endsWith("random"));
  const words = ({ name, label }) => (name === "random" && spread
    ? `${label} (band: ${draws} draws)` : label);
  return element("div", { class: "pl-legend pl-mask-key", "aria-hidden": "true" },
    ...Object.values(criteria).map((each) =>
      element("span", { class: `pl-key pl-key-${each.name}` }, words(each))));
}

/** Everything in words: called for each state. `pool`: weights a side of one pixel. */
export function showMaskWords(view, data, state, found, pool, busy) {
  setText(view.headline, headlineOf(data, found));
  setText(view.title, titleOf(data, state));
  // While a slider is in hand, a screen reader waits; it reads the words once it is let go.
  view.words.setAttribute("aria-busy", String(busy));
  setText(view.caption, describeMask(data, state, found));
  setText(view.notice, state.notice);
  setText(view.about, data.patterns[state.pattern].about);
  setText(view.pixels, pool === 1 ? "One pixel or square is one weight; a stronger colour is a larger weight."
    : `One pixel stands for ${pool} × ${pool} weights; the stronger its colour, the more of them stay.`);
  setText(view.edges, edgeNote(state));
  setText(view.code, maskCode(data, state));
  view.pattern.show(state.pattern);
  view.criterion.show(state.criterion);
  view.card.dataset.pooled = String(pool > 1);
  view.card.dataset.edge = String(state.pattern === "unstructured" && found.threshold !== null);
  const fixed = state.pattern === GROUP;
  const shown = fixed ? 0.5 : state.sparsity;
  view.knob.show(shown, String(shown), fixed ? "always half" : percentOf(shown));
  view.knob.row.querySelectorAll("input").forEach((input) => { input.disabled = fixed; });
}

/** One weight, for the line under the heatmap. */
export function weightWords({ weights, columns }, { row, column }, stays) {
  const value = fourDigits(weights[row * columns + column]).replace("-", "−");
  return `From input ${row} to neuron ${column}: w = ${value}, ${stays ? "stays" : "is cut"}.`;
}
