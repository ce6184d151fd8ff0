// The card of the FootprintExplorer: its controls, words, pictures, and the machine that measured.

import { cardWords, picturePanel } from "../shared/card.js";
import { button, choice, element, setAttributes, setText } from "../shared/controls.js";
import { footprintCaption, footprintHeadline, labelIn, problemLines, threadWords } from "./words.js";

export const LOOK_HINT = "Point at a bar, or move through the bars with the arrow keys, to read here " +
  "what it contains and where it was measured. Enter chooses it.";
const SOURCES = { stored: "stored measurement", here: "this machine" };
const KEY = [["win", "better than dense"], ["lose", "worse"], ["wrong", "wrong or failed: does not count"],
  ["limit", "limit"]];

export function buildFootprintCard({ choices, bars, curves, knobs, selects, source, work }) {
  const { headline, title, caption, notice, words } = cardWords("foot");
  const look = element("p", { class: "pl-look", "aria-live": "polite" }, LOOK_HINT);
  const problems = element("ul", { class: "pl-foot-problems" });
  const problemHead = element("h4", { class: "pl-heading" }, "What does not count, and why");
  const [sizes, times, size, time] = [bars.sizes, bars.times, curves.sizes, curves.times]
    .map(({ svg }) => picturePanel(svg, caption));
  const card = element("div", { class: "pl-card", role: "group", "aria-label": "Footprint explorer" },
    headline, title,
    element("div", { class: "pl-foot-controls" }, knobs.sparsity.row, knobs.batch.row),
    element("div", { class: "pl-foot-selects" }, ...Object.values(selects).map(({ row }) => row)),
    element("div", { class: "pl-foot-source" }, source.group, work.row),
    words,
    element("div", { class: "pl-foot-key" }, ...KEY.map(([name, text]) =>
      element("span", { class: `pl-key pl-foot-key-${name}` }, text))),
    element("div", { class: "pl-foot-pair" }, sizes.section, times.section),
    look,
    element("div", { class: "pl-foot-pair" }, size.section, time.section),
    element("section", { class: "pl-foot-bad-rows" }, problemHead, problems));
  const heads = { sizes: sizes.head, times: times.head, size: size.head, time: time.head };
  return { card, headline, title, caption, notice, words, look, problems, heads, choices,
    shown: "" };
}

/** Whose measurement is on show; the machine's own is there once something was measured. */
export function createSource(onChoose) {
  const of = (text) => Object.keys(SOURCES).find((name) => SOURCES[name] === text);
  const { group, show } = choice("measured on", Object.values(SOURCES), (text) => onChoose(of(text)));
  const own = group.querySelector(`input[value="${SOURCES.here}"]`);
  return { group, show(source, hasOwn) {
    own.disabled = !hasOwn;
    show(SOURCES[source]);
  } };
}

const NO_KERNEL = { page: "This saved page has no kernel: measure in the notebook.",
  gone: "No kernel listens: run the cell again to measure." };

/** The button that measures here, and how far it is. */
export function createWork(onPress) {
  const press = button("Measure here", "", () => onPress());
  const bar = element("progress", { class: "pl-foot-progress", "aria-label": "measuring", hidden: "" });
  const said = element("span", { class: "pl-foot-said" });
  const told = element("span", { class: "pl-foot-told", role: "status" });
  const row = element("div", { class: "pl-foot-work" }, press, bar, said, told);
  function show(work, kernel, wanted) {
    const running = work.state === "running" && kernel === "live";
    press.disabled = kernel !== "live";
    setText(press, running ? "Stop" : "Measure here");
    setAttributes(press, { title: NO_KERNEL[kernel] ?? (running ? "end with what there is; it is kept"
      : `measure ${wanted} on this machine: at most two minutes`) });
    bar.hidden = !running;
    setAttributes(bar, { max: Math.max(work.total, 1), value: work.done });
    const left = work.left === null ? "" : `, about ${work.left} s left`;
    setText(said, running ? `${work.done} of ${work.total}: ${work.text}${left}` : "");
    setText(told, NO_KERNEL[kernel] ?? (running ? "" : work.message));
  }
  return { row, show };
}

/** Everything in words: called for each state. */
export function showFootprintWords(view, measured, state, inHand) {
  const { choices } = view;
  setText(view.headline, footprintHeadline(measured, choices, state));
  const { network, machine, created } = measured.data;
  setText(view.title, `${network} · ${machine} · ${created}`);
  view.words.setAttribute("aria-busy", String(inHand));
  setText(view.caption, footprintCaption(measured, choices, state));
  setText(view.notice, state.notice);
  const pattern = labelIn(choices, "pattern", state.pattern);
  const call = `batch ${state.batch}, ${threadWords(choices, state.threads)}`;
  setText(view.heads.sizes, "Bytes, against dense float32 weights");
  setText(view.heads.times, `Milliseconds, against the fastest dense: ${call}`);
  setText(view.heads.size, state.format
    ? `${labelIn(choices, "format", state.format)} against sparsity: ${pattern}` : "no sizes");
  setText(view.heads.time, state.runtime
    ? `${labelIn(choices, "runtime", state.runtime)} against sparsity: ${pattern}` : "no times");
  const lines = problemLines(measured, choices, state);
  const joined = lines.join("\n");
  if (view.shown !== joined || !view.problems.children.length) {
    view.shown = joined;
    const said = lines.length ? lines : ["Nothing: all files and runtimes measured here give the right predictions."];
    view.problems.replaceChildren(...said.map((line) => element("li", {}, line)));
  }
}
