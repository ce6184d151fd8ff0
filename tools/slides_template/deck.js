// Turns the slides of a page by keys, buttons, number, touch and address (#3). No library.
"use strict";
const SLIDES = [...document.querySelectorAll("section")];
const SMALLEST = 20; // pixels of text on the stage of 1280 × 720; below that nobody reads it
const SWIPE = 50; // pixels of a touch that turns the slide
const [back, on, page, says] = ["back", "on", "page", "says"].map((id) => document.getElementById(id));
let now = 0;

function show(number) {
  now = Math.min(Math.max(number, 1), SLIDES.length);
  SLIDES.forEach((slide, at) => slide.classList.toggle("now", at === now - 1));
  page.value = now;
  back.disabled = now === 1;
  on.disabled = now === SLIDES.length;
  says.textContent = SLIDES[now - 1].getAttribute("aria-label");
  history.replaceState(null, "", `#${now}`);
}

function numberIn(text) {
  return Number.parseInt(text, 10) || now; // what is no number leaves the slide as it is
}

// Where the words of a slide need more room than there is, they become a little smaller.
function fit(slide) {
  const leaf = (element) => element.scrollHeight > element.clientHeight + 1;
  const narrow = () => [...slide.querySelectorAll("img")].some((img) => img.clientHeight < 260);
  for (let size = 27; size >= SMALLEST; size -= 1) {
    slide.style.fontSize = `${size}px`;
    if (!leaf(slide) && !narrow()) return;
  }
}

function scale() {
  const factor = Math.min(innerWidth / 1280, innerHeight / 720);
  document.documentElement.style.setProperty("--scale", factor);
}

const KEYS = {
  ArrowRight: () => now + 1, ArrowDown: () => now + 1, PageDown: () => now + 1, " ": () => now + 1,
  ArrowLeft: () => now - 1, ArrowUp: () => now - 1, PageUp: () => now - 1,
  Home: () => 1, End: () => SLIDES.length,
};

addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input")) return;
  if (event.key === " " && event.target.closest("button, a")) return;
  const turn = event.key === " " && event.shiftKey ? () => now - 1 : KEYS[event.key];
  if (turn) {
    event.preventDefault();
    show(turn());
  } else if (/^\d$/.test(event.key)) {
    event.preventDefault();
    page.value = event.key;
    page.focus();
  } else if (event.key === "f") {
    document.documentElement.requestFullscreen?.();
  }
});
page.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== "Escape") return;
  show(event.key === "Enter" ? numberIn(page.value) : now);
  page.blur();
});
page.addEventListener("change", () => show(numberIn(page.value)));
page.addEventListener("focus", () => page.value === String(now) && page.select());
back.addEventListener("click", () => show(now - 1));
on.addEventListener("click", () => show(now + 1));
addEventListener("hashchange", () => show(numberIn(location.hash.slice(1))));

let touched = null;
addEventListener("touchstart", (event) => {
  touched = event.touches.length === 1 ? event.touches[0].clientX : null;
}, { passive: true });
addEventListener("touchend", (event) => {
  const moved = touched === null ? 0 : event.changedTouches[0].clientX - touched;
  if (Math.abs(moved) > SWIPE) show(now - Math.sign(moved));
});

document.documentElement.classList.add("deck");
SLIDES.forEach(fit);
scale();
addEventListener("resize", scale);
addEventListener("load", () => SLIDES.forEach(fit)); // pictures have their size by now
show(numberIn(location.hash.slice(1)) || 1);
