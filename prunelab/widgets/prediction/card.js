// The card of a Prediction: the question, its picture, the controls of its kind, the lock, the words.

import {
  button, choice, element, knob, setAttributes, setText, uniqueId,
} from "../shared/controls.js";
import { PART_NAMES, compared, guessed, positionOn, valueOn, withUnit } from "./words.js";

const STOPS = 200; // positions of a slider along an axis
const EXPLAINED = {
  value: "your best guess", low: "the lower end of your range", high: "the upper end of your range",
};
const TASKS = {
  number: "Your best guess, and a range that you are 80 % sure holds the truth.",
  choice: "Choose one, and say how sure you are.",
  curve: "Draw it with the pointer, or place points with the two sliders.",
};

const axisScale = (axis) => ({
  low: 0, high: STOPS, step: 1, fieldStep: "any",
  toValue: (position) => valueOn(axis, position / STOPS),
  toPosition: (value) => Math.round(STOPS * positionOn(axis, value)),
});

export function buildPrediction(question, picture, acts) {
  const mark = element("span", { class: "pl-mark", "aria-hidden": "true" });
  const headline = element("div", { class: "pl-headline", id: uniqueId("title") }, mark,
    element("span", {}, question.text));
  const task = element("div", { class: "pl-title" }, TASKS[question.kind]);
  const caption = element("p", { class: "pl-caption", id: uniqueId("caption") });
  const notice = element("p", { class: "pl-notice" });
  const words = element("div", { class: "pl-words pl-predict-words", "aria-live": "polite" },
    caption, notice);
  const stage = element("div", { class: "pl-stage" });
  const controls = element("div", { class: "pl-predict-controls" });
  const lock = button("Lock it in", "keep this guess; it cannot be changed afterwards",
    acts.lock);
  lock.classList.add("pl-primary");
  const clear = button("Clear", "take away what is drawn", acts.clear);
  const actions = element("div", { class: "pl-fit" }, lock);
  if (question.kind === "curve") actions.append(clear);
  const legend = element("div", { class: "pl-legend", "aria-hidden": "true" },
    element("span", { class: "pl-key pl-key-formula" }, "your guess"),
    element("span", { class: "pl-key pl-key-truth" }, "measured"));
  const card = element("div", { class: "pl-card pl-predict", role: "group",
    "aria-label": "Prediction" }, headline, task, legend, stage, controls, actions, words);
  const view = { card, question, mark, stage, caption, notice, words, lock, clear, actions, legend,
    knobs: {} };
  if (picture) {
    setAttributes(picture.svg, { "aria-labelledby": headline.id, "aria-describedby": caption.id });
    stage.append(picture.svg);
  } else {
    legend.hidden = true;
  }
  ({ number: numberControls, choice: choiceControls, curve: curveControls })[question.kind](
    view, controls, acts);
  return view;
}

function numberControls(view, controls, { move, done }) {
  const scale = axisScale(view.question.axis);
  for (const name of ["value", "low", "high"]) {
    view.knobs[name] = knob({ name: PART_NAMES[name], explained: EXPLAINED[name], scale,
      onMove: (value) => move(name, value),
      onDone: (value) => { move(name, value); done(); } });
    controls.append(view.knobs[name].row);
  }
}

function choiceControls(view, controls, { choose, sureness, done }) {
  view.options = choice("your guess", view.question.options, choose);
  view.options.group.classList.add("pl-options");
  const least = Math.round(100 / view.question.options.length);
  view.knobs.sure = knob({ name: "how sure", explained: "how sure you are, in percent",
    scale: { low: least, high: 100, step: 1, toValue: (at) => at, toPosition: (at) => at },
    onMove: sureness, onDone: (value) => { sureness(value); done(); } });
  controls.append(view.options.group, view.knobs.sure.row);
}

function curveControls(view, controls, { place, height, done }) {
  const { question } = view;
  const last = 32;
  const across = { low: 0, high: last, step: 1, fieldStep: "any",
    toValue: (at) => valueOn(question.x, at / last),
    toPosition: (value) => Math.round(last * positionOn(question.x, value)) };
  view.across = across;
  view.knobs.place = knob({ name: "where", explained: "the place along the lower axis to set",
    scale: across, onMove: place, onDone: place });
  view.knobs.height = knob({ name: "height there", explained: "the height of your curve there",
    scale: axisScale(question.y), onMove: height,
    onDone: (value) => { height(value); done(); } });
  controls.append(view.knobs.place.row, view.knobs.height.row);
}

// ---- what the state says ----------------------------------------------------------------------

export function showPrediction(view, state) {
  const { question, card } = view;
  const { locked, truth, guess, touched } = state;
  const [held, sentence, wide] = locked && truth ? compared(question, guess, truth) : [null, ""];
  card.dataset.mood = held === null ? "ask" : wide ? "warn" : held ? "good" : "bad";
  setText(view.mark, held === null ? "?" : wide ? "!" : held ? "✓" : "✗");
  card.classList.toggle("pl-locked", locked);
  for (const control of card.querySelectorAll(".pl-predict-controls :is(input, fieldset)")) {
    control.disabled = locked;
  }
  view.lock.disabled = locked || !touched || state.kernel === "gone";
  setText(view.lock, locked ? "Locked" : "Lock it in");
  view.clear.disabled = locked || !touched;
  for (const label of view.options?.group.querySelectorAll("label") ?? []) {
    label.classList.toggle("pl-right", held !== null && label.textContent === truth.option);
  }
  setText(view.caption, captionOf(question, state, sentence));
  setText(view.notice, state.notice);
}

function captionOf(question, { locked, heard, late, kernel, truth, guess, touched }, sentence) {
  if (!touched) return "No guess yet.";
  const said = `Your guess: ${guessed(question, guess)}.`;
  if (!locked) return kernel === "gone" ? `${said} It cannot be locked: no kernel is running.` : said;
  if (!heard && kernel === "page" && !truth) {
    return `${said} Locked on this page only: without a kernel the guess is not recorded.`;
  }
  if (!heard && kernel === "gone") {
    return `${said} It was not recorded: no kernel was running. Run the cell again and lock it there.`;
  }
  if (!heard && kernel === "live" && late) {
    return `${said} Not recorded yet: the kernel has not answered; it is busy, or was restarted. ` +
      "If it stays so, run the cell again and lock it there.";
  }
  if (!truth) return `${said} Locked. The answer appears here when you run the cell that measures it.`;
  if (question.kind !== "number") return sentence;
  return `${sentence} Your best guess was ${withUnit(question.axis, guess.value)}.`;
}
