// What the cards of the explorers share: their words, panels, tables, and code to copy.

import {
  OWN_KEYS, button, copyText, element, setAttributes, setText, uniqueId,
} from "./controls.js";

/** Headline and title, and the caption and notice in a box that is read aloud when they change. */
export function cardWords(kind) {
  const headline = element("div", { class: "pl-headline", id: uniqueId("title") });
  const title = element("div", { class: "pl-title" });
  const caption = element("p", { class: "pl-caption", id: uniqueId("caption") });
  const notice = element("p", { class: "pl-notice" });
  const words = element("div", { class: `pl-words pl-${kind}-words`, "aria-live": "polite" },
    caption, notice);
  return { headline, title, caption, notice, words };
}

export const heading = (text = "") =>
  element("h4", { class: "pl-heading", id: uniqueId("panel") }, text);

/** The panel of a picture, which its heading names and the caption describes: { head, section }. */
export function picturePanel(picture, caption, kind = "") {
  const head = heading();
  setAttributes(picture, { "aria-labelledby": head.id, "aria-describedby": caption.id });
  const section = element("section", { class: `pl-panel ${kind}`, "aria-labelledby": head.id },
    head, element("div", { class: "pl-stage" }, picture));
  return { head, section };
}

/** A box of code with a button that copies it, and says so for a moment; what: what the code is. */
export function codeBox(what) {
  const code = element("code");
  const copy = button("Copy code", `copy ${what}`, async () => {
    copy.textContent = (await copyText(code.textContent)) ? "Copied" : "Select it and copy";
    setTimeout(() => {
      copy.textContent = "Copy code";
    }, 1500);
  });
  copy.classList.add("pl-copy");
  const box = element("div", { class: "pl-code" },
    element("pre", { tabindex: "0", "aria-label": what, ...OWN_KEYS }, code), copy);
  return { box, code };
}

/** The heads of a table, each a button; show(sort, texts) marks the column sorted by. */
export function sortHeads(columns, stem, onSort) {
  const heads = Object.entries(columns).map(([column, text]) => {
    const sorter = button(text, `sort by ${text || "what is compared"}`, () => onSort(column));
    sorter.classList.add("pl-sort");
    const cell = element("th", { scope: "col", class: `${stem}${column}` }, sorter);
    return { column, sorter, cell };
  });
  const show = (sort, texts) => {
    for (const { column, sorter, cell } of heads) {
      const falling = sort === `-${column}`;
      const sorted = falling || sort === column;
      cell.setAttribute("aria-sort", sorted ? (falling ? "descending" : "ascending") : "none");
      const mark = sorted ? (falling ? " ▾" : " ▴") : "";
      setText(sorter, (texts[column] ?? columns[column]) + mark);
    }
  };
  return { cells: heads.map(({ cell }) => cell), show };
}
