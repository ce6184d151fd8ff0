// What ipywidgets' own parts lack: names a screen reader can say, and keys the notebook leaves alone.

const FOCUSABLE = "input, button, select, textarea, .noUi-handle";

/** Name the sliders of the panel after their fields, and keep JupyterLab's keys off every control. */
export function nameParts(panel) {
  if (!panel) return;
  for (const part of panel.querySelectorAll(FOCUSABLE)) {
    if (!part.dataset.lmSuppressShortcuts) part.dataset.lmSuppressShortcuts = "true";
  }
  for (const row of panel.querySelectorAll(".pl-bench-knob")) {
    const name = row.querySelector("label")?.textContent;
    const handle = row.querySelector(".noUi-handle");
    const field = row.querySelector("input");
    if (!name || !handle) continue;
    const said = `${name}, slider, ${field?.value ?? ""}`;
    if (handle.getAttribute("aria-label") !== said) handle.setAttribute("aria-label", said);
  }
}
