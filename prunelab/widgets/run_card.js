// The card of the RunExplorer: where its controls, pictures, words and table stand.

import { element, setText, uniqueId } from "./shared/controls.js";
import { percentOf } from "./shared/numbers.js";
import { crowded, whichLoss } from "./run_curves.js";
import { describe, headlineOf, titleOf } from "./run_words.js";

export const HINT = "Point at a run, or walk through them with the arrow keys: here stands where it " +
  "comes from.";

export function buildRunCard({ plan, arms, front, curves, table, knob, onMeasure }) {
  const headline = element("div", { class: "pl-headline", id: uniqueId("title") });
  const title = element("div", { class: "pl-title" }, titleOf(plan));
  const caption = element("p", { class: "pl-caption", id: uniqueId("caption") });
  const notice = element("p", { class: "pl-notice" });
  const words = element("div", { class: "pl-words pl-run-words", "aria-live": "polite" },
    caption, notice);
  const look = element("p", { class: "pl-look", "aria-live": "polite" }, HINT);
  const measure = measureChoice(plan, onMeasure);
  const frontHead = element("h4", { class: "pl-heading", id: uniqueId("panel") });
  const curvesHead = element("h4", { class: "pl-heading", id: uniqueId("panel") });
  const panel = (head, picture, kind) => {
    picture.setAttribute("aria-labelledby", head.id);
    picture.setAttribute("aria-describedby", caption.id);
    return element("section", { class: `pl-panel ${kind}`, "aria-labelledby": head.id }, head,
      element("div", { class: "pl-stage" }, picture));
  };
  const card = element("div", { class: "pl-card", role: "group", "aria-label": "Run explorer" },
    headline, title,
    element("div", { class: "pl-run-controls" }, knob.row, measure.row),
    words,
    arms.group,
    element("div", { class: "pl-run-pair" }, panel(frontHead, front.svg, "pl-front-panel"),
      panel(curvesHead, curves.svg, "pl-curves-panel")),
    look, table.node);
  return { card, headline, caption, notice, words, look, measure, frontHead, curvesHead, knob };
}

function measureChoice({ data }, onMeasure) {
  const id = uniqueId("measure");
  const select = element("select", { id, class: "pl-select", "data-lm-suppress-shortcuts": "true" },
    ...Object.entries(data.measures).map(([name, { label }]) =>
      element("option", { value: name }, label)));
  select.addEventListener("change", () => onMeasure(select.value));
  const row = element("div", { class: "pl-measure" }, element("label", { for: id }, "measure"), select);
  const show = (name) => {
    if (select.value !== name) select.value = name;
  };
  return { row, show };
}

/** Everything in words: called for each state. */
export function showRunWords(view, plan, state, busy) {
  setText(view.headline, headlineOf(plan, state));
  // While a slider is in hand, a screen reader waits; it reads the words once it is let go.
  view.words.setAttribute("aria-busy", String(busy));
  setText(view.caption, describe(plan, state));
  setText(view.notice, state.notice);
  const { label } = plan.data.measures[state.measure];
  setText(view.frontHead, `${label}: every run, and each arm with its interval`);
  const loss = whichLoss(state.measure) ? "training" : "validation";
  const range = crowded(plan, state) ? "; point at an arm for its range" : " and range of the seeds";
  setText(view.curvesHead, `${loss} loss: median${range}`);
  view.measure.show(state.measure);
  view.knob.show(state.sparsity, String(state.sparsity),
    state.sparsity > 0 ? `at least ${percentOf(state.sparsity)} gone` : "any sparsity");
}
