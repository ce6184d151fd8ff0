// The card of the TreeExplorer: panels, keys of the colours, buttons.

import { button, choice, element, setAttributes, uniqueId } from "../shared/controls.js";
import { stopAt, stopWords } from "./errors.js";
import { rangeOf } from "./marks.js";

export const PLAY = "Play the path";
export const PAUSE = "Stop";

export function buildCard({ data, color, knobs, stops, branches, ground, errors }) {
  const headline = element("div", { class: "pl-headline", id: uniqueId("title") });
  const title = element("div", { class: "pl-title" });
  const caption = element("p", { class: "pl-caption", id: uniqueId("caption") });
  const words = element("div", { class: "pl-words pl-tree-words", "aria-live": "polite" }, caption);
  const look = element("p", { class: "pl-look" });
  const bar = element("progress", { "aria-label": "cross-validation" });
  const folded = element("span");
  const folds = element("p", { class: "pl-folds", hidden: "" }, "Cross-validating: ", bar, folded);
  const unfold = button("Unfold all", "go back to the whole tree", () => {});
  const play = button(PLAY, "fold the weakest link again and again, once through", () => {});
  play.classList.add("pl-play");
  const panel = (kind, label, ...children) =>
    element("section", { class: `pl-panel ${kind}`, "aria-label": label }, ...children);
  const heading = (text) => element("h4", { class: "pl-heading" }, text);
  const points = ground && "val" in data.points
    ? choice("samples", ["training", "validation"], () => {}) : null;
  const beside = ground
    ? [element("div", { class: "pl-stage" }, ground.svg), classKey(data, color), points?.group]
    : [element("p", { class: "pl-none" }, noGround(data))];
  for (const picture of [ground, errors].filter(Boolean)) {
    setAttributes(picture.svg, { "aria-labelledby": headline.id, "aria-describedby": caption.id });
  }
  const buttons = stops.map((stop) => ({ stop, made: stopButton(data, stop) }));
  const absent = Object.entries(data.absent).map(([name, why]) =>
    element("li", {}, `${name.replaceAll("_", " ")}: ${why}`));
  const pruned = buttons.length || absent.length;
  const card = element("div", { class: "pl-card", role: "group", "aria-label": "Tree explorer" },
    headline, title,
    element("div", { class: "pl-along" }, knobs.leaves.row, knobs.ccp_alpha.row,
      element("div", { class: "pl-walk" }, play, unfold)),
    words,
    element("div", { class: `pl-pair${ground ? "" : " pl-single"}` },
      panel("pl-tree-panel", "the tree", heading("the tree"),
        element("div", { class: "pl-stage" }, branches.svg), look),
      panel("pl-ground-panel", "the data", heading(groundTitle(data)),
        ...beside.filter(Boolean))),
    element("div", { class: `pl-pair${pruned ? "" : " pl-single"}` },
      panel("pl-errors-panel", "errors", heading("error against leaves"), folds,
        errorKey(data),
        element("div", { class: "pl-stage" }, errors.svg)),
      ...(pruned ? [panel("pl-stops-panel", "pruners", heading("where each pruner would stop"),
        element("div", { class: "pl-stop-list", role: "group",
          "aria-label": "take the tree of a pruner" },
        element("div", { class: "pl-stop-head", "aria-hidden": "true" },
          element("span"), element("span", {}, "pruner"), element("span", {}, "leaves"),
          element("span", {}, "val" in data.totals ? "validation" : "training")),
        ...buttons.map(({ made }) => made)),
        element("ul", { class: "pl-absent" }, ...absent))] : [])));
  return {
    card, headline, title, caption, words, look, play, unfold, points, stops: buttons, folds, bar, folded,
  };
}

const groundTitle = (data) => (data.kind === "classifier" ? "what it predicts, and the samples"
  : data.shown.length === 1 ? "the fitted curve" : "what it predicts, and the samples");

function noGround(data) {
  return data.used > 2
    ? `The tree asks about ${data.used} features: its regions have no picture in a plane.`
    : "The tree asks about no feature: there are no regions to draw.";
}

function stopButton(data, stop) {
  const [leaves, error] = stopWords(data, stopAt(data, stop.folded));
  const label = stop.name.replaceAll("_", " ");
  const made = button("", `take the tree of ${label} pruning`, () => {});
  made.classList.add("pl-stop-button");
  made.dataset.name = stop.name;
  made.append(element("span", { class: "pl-badge", "aria-hidden": "true" }, stop.letter),
    element("span", {}, label),
    element("span", { class: "pl-figure" }, leaves, element("span", { class: "pl-spoken" }, " leaves, ")),
    element("span", { class: "pl-figure" }, error));
  return made;
}

function classKey(data, color) {
  const key = element("div", { class: "pl-legend pl-classes", "aria-hidden": "true" });
  if (data.kind === "classifier") {
    key.append(...data.classes.slice(0, 8).map((label, at) => {
      const mark = element("span", { class: `pl-swatch pl-shape-${at % 4}` });
      mark.style.setProperty("--pl-color", color(at));
      return element("span", { class: "pl-item" }, mark, label);
    }), element("span", { class: "pl-item" }, element("span", { class: "pl-swatch pl-is-wrong" }), "wrong"));
  }
  if (data.kind === "classifier" || data.shown.length === 2) {
    key.append(element("span", { class: "pl-item" },
      element("span", { class: "pl-swatch pl-is-new" }), "changed by the last fold"));
  }
  if (data.kind === "regressor") {
    const [low, high] = rangeOf(data).map((end) => Number(end.toPrecision(2)));
    key.append(element("span", { class: "pl-item" },
      `mean ${low}`, element("span", { class: "pl-ramp" }), String(high)));
  }
  if (data.kind === "regressor" && data.shown.length === 1) {
    key.append(element("span", { class: "pl-key pl-key-now" }, "the tree on show"),
      element("span", { class: "pl-key pl-key-full" }, "nothing folded"));
  }
  return key;
}

function errorKey(data) {
  const key = (name, text) => element("span", { class: `pl-key pl-key-${name}` }, text);
  return element("div", { class: "pl-legend pl-error-key", "aria-hidden": "true" },
    key("train", "training"), ...(data.errors.val ? [key("val", "validation")] : []),
    ...(data.errors.cv ? [key("cv", "cross-validated, ± one standard error")] : []));
}
