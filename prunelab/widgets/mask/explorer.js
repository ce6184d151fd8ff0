// MaskExplorer in the browser: what moves what, and when to draw.

import {
  assign, explorerBase, pointIn, selectOf, sender, setText, sparsityKnob,
} from "../shared/controls.js";
import { buildMaskCard, showMaskWords, weightWords } from "./card.js";
import { createHeatmap } from "./heatmap.js";
import { createHistogram } from "./histogram.js";
import { createLosses } from "./losses.js";
import { factsOf, rankingOf, unpacked } from "./math.js";

const HEAT_PADDING = 1; // px, as in explorer.css
const STATE = ["sparsity", "pattern", "criterion", "notice"];

function render({ model, el }) {
  const data = model.get("data");
  return data.layers ? showLayers(model, el, data) : showMatrix(model, el, data);
}

/** One matrix at a time, and above its controls the choice of it; returns what ends it. */
function showLayers(model, el, data) {
  let shown = null;
  let stop = () => {};
  const send = sender(model);
  const options = data.layers.map(({ layer, name, kernel, shape }) =>
    [layer, `${name} (${(kernel ?? shape).join(" × ")})`]);
  const choice = selectOf("layer", options, "the kernel on show", (layer) => {
    assign(model, { layer, notice: "" });
    show();
    send.now();
  });
  function show() {
    const layer = model.get("layer");
    if (layer === shown) return;
    shown = layer;
    const inHand = document.activeElement === choice.select;
    stop();
    stop = showMatrix(model, el, { ...data, ...data.layers.find((own) => own.layer === layer) },
      choice.row);
    choice.show(layer);
    if (inHand) choice.select.focus();
  }
  model.on("change:layer", show);
  show();
  return () => {
    model.off("change:layer", show);
    stop();
  };
}

function showMatrix(model, el, data, choice = null) {
  const matrix = unpacked(data);
  const heatmap = createHeatmap(matrix);
  const histogram = createHistogram(matrix);
  const losses = createLosses(data);
  const base = explorerBase(model, el, STATE, draw);
  let held = false; // the slider is in the reader's hand
  let looked = null; // the weight under the pointer
  let sizes = null; // read once: asking for them between two drawings costs a layout each
  let drawn = null; // the ranking on show and its lowest score

  const slider = sparsityKnob("fraction of units to cut", model, base, (inHand) => {
    held = inHand;
  });
  const view = buildMaskCard({
    data, choice, knob: slider, heatmap, histogram, losses,
    onChoice(name, value) {
      base.change({ [name]: value, notice: "" });
      base.send.now();
    },
  });

  function draw() {
    const state = base.read();
    const ranking = rankingOf(matrix, state.pattern, state.criterion);
    const found = factsOf(matrix, ranking, state.sparsity, histogram.binOf, histogram.kept);
    sizes ??= { heat: widthOf(view.stage) - 2 * HEAT_PADDING, side: widthOf(histogram.svg.parentNode),
      narrow: el.clientWidth < 760 };
    const height = 210;
    const pool = heatmap.draw(ranking, found.lowest, sizes.heat, sizes.narrow);
    histogram.draw(state, found, sizes.side, height);
    losses.draw(data, state, sizes.side, height + 30);
    drawn = { ranking, lowest: found.lowest };
    showMaskWords(view, data, state, found, pool, held);
    showLooked();
  }

  const widthOf = (stage) => Math.max(Math.floor(stage.clientWidth), 240);

  function showLooked() {
    if (!looked) return;
    const at = looked.row * matrix.columns + looked.column;
    setText(view.pixels, weightWords(matrix, looked, drawn.ranking.perWeight[at] >= drawn.lowest));
  }

  heatmap.canvas.addEventListener("pointermove", (event) => {
    looked = heatmap.weightAt(...pointIn(heatmap.canvas, event));
    showLooked();
  });
  heatmap.canvas.addEventListener("pointerleave", () => {
    looked = null;
    base.paint.soon();
  });

  return base.show(view.card, { onResize: () => { sizes = null; } });
}

export default { render };
