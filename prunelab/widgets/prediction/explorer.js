// Prediction in the browser: a guess is made, locked, and held against what was measured.

import { explorerBase, kernelOf } from "../shared/controls.js";
import { buildPrediction, showPrediction } from "./card.js";
import { createChart } from "./chart.js";
import { createLine } from "./line.js";
import { movedRange, positionOn, stroked, valueOn } from "./words.js";

const HEARD = ["guess", "locked", "heard", "truth", "notice"];
const PATIENCE = 3000; // ms that a kernel is given to answer a lock

function render({ model, el }) {
  const question = model.get("question");
  const empty = emptyGuess(question, model.get("points"));
  let draft = empty; // what is not yet a guess: a single point, a sureness without a choice
  let fresh = false; // the first guess of all is being made
  let place = 0; // which point of a curve the sliders set
  let late = false; // the kernel has been asked to lock and has not answered
  let waiting = null;
  const { send, paint, change, show, ...base } = explorerBase(model, el, HEARD, draw);
  const read = () => {
    const state = base.read();
    const touched = isWhole(question, state.guess);
    return { ...state, guess: state.guess ?? draft, touched, place, late, kernel: kernelOf(model) };
  };

  function guess(made, notice = "") {
    if (model.get("locked")) return;
    draft = made ?? empty;
    change({ guess: isWhole(question, made) ? made : null, notice });
    send.later();
  }

  const now = () => read().guess;
  const acts = {
    move(name, value) {
      fresh ||= model.get("guess") === null; // and so until the hand lets go
      if (Number.isFinite(value)) guess(...movedRange(question.axis, now(), name, value, fresh));
      else paint.now();
    },
    choose: (option) => guess({ ...now(), option }),
    sureness(value) {
      const least = 1 / question.options.length;
      const sure = Number.isFinite(value) ? Math.min(Math.max(value / 100, least), 1) : now().sure;
      guess({ ...now(), sure });
    },
    place(value) {
      const last = empty.heights.length - 1;
      if (Number.isFinite(value)) place = Math.round(last * positionOn(question.x, value));
      place = Math.min(Math.max(place, 0), last);
      paint.now();
    },
    height(value) {
      if (!Number.isFinite(value)) return paint.now();
      const { low, high } = question.y;
      const heights = [...now().heights];
      heights[place] = Math.min(Math.max(value, low), high);
      return guess({ heights });
    },
    clear() {
      guess(null);
      send.now();
    },
    lock() {
      if (!isWhole(question, model.get("guess")) || kernelOf(model) === "gone") return;
      waiting = setTimeout(() => {
        late = true;
        paint.soon();
      }, PATIENCE);
      change({ locked: true, notice: "" });
      send.now();
    },
    done() {
      fresh = false;
      send.now();
    },
  };
  const picture = pictureOf(question, acts, (from, to) => {
    place = to[0];
    guess({ heights: stroked(now().heights, question.y, from, to) });
  });
  const view = buildPrediction(question, picture, acts);

  function draw() {
    const state = read();
    showPrediction(view, state);
    if (picture) picture.draw(state, Math.max(Math.floor(view.stage.clientWidth), 260));
    showControls(view, state);
  }

  const stop = show(view.card, { stage: view.stage });
  return () => {
    clearTimeout(waiting);
    stop();
  };
}

function pictureOf(question, acts, onStroke) {
  if (question.kind === "number") {
    return createLine(question, { onMove: acts.move, onDone: acts.done });
  }
  return question.kind === "curve" ? createChart(question, { onStroke, onDone: acts.done }) : null;
}

function emptyGuess({ kind, axis, options }, points) {
  if (kind === "number") {
    const [low, value, high] = [0.25, 0.5, 0.75].map((position) => valueOn(axis, position));
    return { value, low, high };
  }
  if (kind === "choice") return { option: null, sure: 1 / options.length };
  return { heights: Array(points).fill(null) };
}

/** Whether there is enough of a guess to lock. */
function isWhole({ kind }, guess) {
  if (!guess) return false;
  if (kind === "choice") return guess.option !== null;
  return kind === "number" || guess.heights.filter((height) => height !== null).length > 1;
}

function showControls({ question, knobs, options, across }, { guess, place }) {
  if (question.kind === "number") {
    for (const name of ["value", "low", "high"]) {
      knobs[name].show(guess[name], String(guess[name]), question.axis.unit);
    }
  } else if (question.kind === "choice") {
    if (guess.option !== null) options.show(guess.option);
    const sure = Math.round(100 * guess.sure);
    const chance = sure === Math.round(100 / question.options.length);
    knobs.sure.show(sure, String(sure), chance ? "%: a guess" : sure === 100 ? "%: certain" : "%");
  } else {
    const at = across.toValue(place);
    knobs.place.show(at, String(at), question.x.unit);
    const height = guess.heights[place];
    const shown = height ?? valueOn(question.y, 0.5);
    knobs.height.show(shown, height === null ? "" : String(height),
      height === null ? "nothing yet" : question.y.unit);
  }
}

export default { render };
