// ScheduleExplorer in the browser: the controls, and when to send and to draw.

import { explorerBase, knob, linear, listed, twoDigits } from "../shared/controls.js";
import { build, changesIn, showKnobs, showWords } from "./card.js";
import { preflight, suggest } from "./flight.js";
import { horizon } from "./picture.js";
import { KNOBS, settle } from "./state.js";

const EXPLAINED = {
  initial_sparsity: "fraction of zeros at begin_step",
  final_sparsity: "fraction of zeros asked for at end_step",
  begin_step: "training step at which the ramp begins",
  end_step: "training step at which the ramp ends",
  power: "shape of the ramp: 1 is straight, 3 is tfmot's default",
  frequency: "masks are recomputed every so many steps",
  n_samples: "rows in the training data",
  batch_size: "rows in a batch; a batch is a step",
  epochs: "how often training goes through the data",
};
const SCALES = {
  initial_sparsity: linear(0, 0.99, 0.01),
  final_sparsity: linear(0, 0.99, 0.01),
  begin_step: linear(0, 1000, 10),
  end_step: linear(0, 1000, 10),
  power: linear(0, 10, 0.5),
  frequency: twoDigits(1, 1000),
  n_samples: twoDigits(100, 1000000),
  batch_size: listed(Array.from({ length: 15 }, (_, i) => 2 ** i)),
  epochs: twoDigits(1, 1000),
};

const STATE = [...KNOBS, "axis", "notice"];

function render({ model, el }) {
  const view = build();
  const { picture, knobs } = view;
  const { send, paint, read, change, show } = explorerBase(model, el, STATE, draw);
  let reach = 0;
  let held = null; // the state as it was when the slider in hand was taken up

  function move(name, value) {
    const state = read();
    held ??= state;
    // begin and end push each other; drawn back, the slider gives the other its place again.
    const { begin_step, end_step } = held;
    const [settled, notice] = settle({ ...state, begin_step, end_step }, { [name]: value },
      model.get("data"));
    change({ ...settled, notice });
    send.later();
  }

  function finish(name, value) {
    move(name, value);
    held = null;
    paint.now(); // once nothing is held the sliders' range follows
    send.now();
  }

  function fit() {
    const state = read();
    const fitted = suggest(state, preflight(state).totalSteps);
    change({ ...fitted, notice: `Made to fit: ${changesIn(state, fitted)}.` });
    send.now();
  }

  function draw() {
    const state = read();
    const flight = preflight(state);
    const needed = Math.max(1.02 * flight.totalSteps, state.end_step);
    const loose = reach > 2.5 * needed && held === null;
    if (reach < needed || loose) reach = horizon(flight.totalSteps, state.end_step);
    const width = Math.max(Math.floor(picture.svg.parentNode.clientWidth), 280);
    picture.draw({ state, flight, reach, width });
    showKnobs(knobs, state, flight, reach);
    showWords(view, state, flight, held !== null);
  }

  for (const name of KNOBS) {
    knobs[name] = knob({
      name, explained: EXPLAINED[name], scale: SCALES[name],
      onMove: (value) => move(name, value), onDone: (value) => finish(name, value),
    });
  }
  view.place(knobs, {
    fit,
    axis: (axis) => {
      change({ axis, notice: "" });
      send.now();
    },
  });
  return show(view.card, { stage: view.stage });
}

export default { render };
