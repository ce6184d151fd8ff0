// What the ScheduleExplorer shows: the card with its parts, and what they say in a state.

import { codeBox } from "../shared/card.js";
import {
  button, choice, element, listed, setAttributes, setText, uniqueId,
} from "../shared/controls.js";
import { percentOf } from "../shared/numbers.js";
import {
  codeFor, describe, moodOf, reachesTarget, stepStops, suggest,
} from "./flight.js";
import { counted } from "./labels.js";
import { createPicture } from "./picture.js";
import { KNOBS, RUN, SCHEDULE, pyValue } from "./state.js";

const EPOCHS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

// ---- the card ---------------------------------------------------------------------------------

export function build() {
  const picture = createPicture();
  const mark = element("span", { class: "pl-mark", "aria-hidden": "true" });
  const verdict = element("span");
  const headline = element("div", { class: "pl-headline", id: uniqueId("title") },
    mark, verdict);
  const title = element("div", { class: "pl-title" });
  const legend = element("div", { class: "pl-legend", "aria-hidden": "true" },
    element("span", { class: "pl-key pl-key-formula" }, "the formula"),
    element("span", { class: "pl-key pl-key-stairs" }, "what the masks hold"),
    element("span", { class: "pl-key pl-key-dots" }, "a mask update"),
    element("span", { class: "pl-key pl-key-asked" }, "asked"),
    element("span", { class: "pl-key pl-key-shade" }, "after training"));
  const stage = element("div", { class: "pl-stage" }, picture.svg);
  const caption = element("p", { class: "pl-caption", id: uniqueId("caption") });
  setAttributes(picture.svg, { "aria-labelledby": headline.id, "aria-describedby": caption.id });
  const notice = element("p", { class: "pl-notice" });
  const findings = element("ul", { class: "pl-findings" });
  const words = element("div", { class: "pl-words pl-schedule-words", "aria-live": "polite" },
    caption, findings, notice);
  const scheduleKnobs = group("The schedule");
  const runKnobs = group("The run");
  runKnobs.classList.add("pl-run-knobs");
  const actions = element("div", { class: "pl-actions" });
  const { box, code } = codeBox("the schedule in tfmot");
  const card = element("div", { class: "pl-card", role: "group",
    "aria-label": "Schedule explorer" },
  headline, title, element("div", { class: "pl-schedule-controls" }, scheduleKnobs, runKnobs,
    actions), legend, stage, words, box);
  const view = {
    card, picture, stage, verdict, mark, title, caption, notice, findings, code, knobs: {},
  };
  view.place = (knobs, { fit, axis }) => {
    scheduleKnobs.append(...SCHEDULE.map((name) => knobs[name].row));
    runKnobs.append(...RUN.map((name) => knobs[name].row));
    view.axis = choice("lower axis", ["steps", "epochs"], axis);
    view.fit = button("Make it fit", "take the nearest schedule that reaches its target", fit);
    view.fit.classList.add("pl-primary");
    view.fitNote = element("span", { class: "pl-fit-note" });
    actions.append(view.axis.group,
      element("div", { class: "pl-fit" }, view.fit, view.fitNote));
  };
  return view;
}

function group(legend) {
  return element("fieldset", { class: "pl-group" }, element("legend", {}, legend));
}

// ---- what the state says ----------------------------------------------------------------------

export function showKnobs(knobs, state, flight, reach) {
  const perEpoch = flight.stepsPerEpoch;
  const scales = {
    begin_step: stepScale(state.end_step, state.frequency, reach, flight.totalSteps),
    end_step: stepScale(state.begin_step, state.frequency, reach, flight.totalSteps),
  };
  const inEpochs = (count) => EPOCHS.format(count / perEpoch);
  const hints = {
    initial_sparsity: percentHint(state.initial_sparsity),
    final_sparsity: percentHint(state.final_sparsity),
    begin_step: `epoch ${inEpochs(state.begin_step)}`,
    end_step: `epoch ${inEpochs(state.end_step)}`,
    power: shape(state.power),
    frequency: state.frequency === 1 ? "every step" : `every ${inEpochs(state.frequency)} epochs`,
    n_samples: state.n_samples === 1 ? "row" : "rows",
    batch_size: `${counted(perEpoch, 3)} step${perEpoch === 1 ? "" : "s"}/epoch`,
    epochs: `${counted(flight.totalSteps)} steps`,
  };
  for (const name of KNOBS) {
    knobs[name].show(state[name], String(state[name]), hints[name], scales[name]);
  }
}

function shape(power) {
  if (power === 0) return "flat";
  if (power === 1) return "straight";
  return power > 1 ? "fast, then slow" : "slow, then fast";
}

const percentHint = (sparsity) => `${Number((100 * sparsity).toFixed(2))} %`;

const stepScale = (...grid) => ({ ...listed(stepStops(...grid)), fieldStep: 1 });

export function changesIn(state, fitted) {
  return SCHEDULE.filter((name) => fitted[name] !== state[name])
    .map((name) => `${name} ${pyValue(name, state[name])} → ${pyValue(name, fitted[name])}`)
    .join(", ");
}

export function showWords(view, state, flight, busy) {
  const mood = moodOf(flight);
  view.card.dataset.mood = mood;
  setText(view.mark, { bad: "✗", warn: "!", good: "✓" }[mood]);
  setText(view.verdict, verdict(mood, state, flight));
  setText(view.title,
    `PolynomialDecay ${percentHint(state.initial_sparsity)} → ${percentHint(state.final_sparsity)}` +
    `, steps ${state.begin_step} to ${state.end_step}, power ${state.power}, ` +
    `every ${state.frequency} steps · run of ${flight.totalSteps} steps`);
  // While a slider is in hand, a screen reader waits; it reads the words once it is let go.
  view.caption.parentNode.setAttribute("aria-busy", String(busy));
  setText(view.caption, describe(state));
  setText(view.notice, state.notice);
  showFindings(view.findings, flight.findings);
  const fitted = suggest(state, flight.totalSteps);
  const changes = changesIn(state, fitted);
  view.fit.disabled = !changes;
  setText(view.fitNote, changes || "nothing to change");
  view.axis.show(state.axis);
  setText(view.code, codeFor(state));
}

function verdict(mood, { begin_step: begin, end_step: end }, flight) {
  const zeros = `${percentOf(flight.realised)} zeros`;
  if (mood === "good") {
    const near = `Ends close to its target: ${zeros}, near ${percentOf(flight.asked)}`;
    return reachesTarget(flight) ? `Reaches its target: ${zeros}` : near;
  }
  if (mood === "warn") return `Reaches its target: ${zeros}, but look below`;
  if (begin === end && begin > 0 && begin <= flight.totalSteps) {
    return `Stops with an error at step ${begin}`;
  }
  const fate = flight.updates.count ? "Misses its target" : "Prunes nothing";
  return `${fate}: ${zeros}, not ${percentOf(flight.asked)}`;
}

function showFindings(list, findings) {
  const shown = findings.map(({ code }) => code).join();
  if (list.dataset.shown !== shown) {
    list.replaceChildren(...findings.map(({ code }) => element("li", { "data-code": code },
      element("span", { class: "pl-message" }), " ", element("span", { class: "pl-fix" }), " ",
      element("code", {}, code))));
    list.dataset.shown = shown;
  }
  findings.forEach(({ message, fix }, i) => {
    setText(list.children[i].querySelector(".pl-message"), message);
    setText(list.children[i].querySelector(".pl-fix"), fix);
  });
}
