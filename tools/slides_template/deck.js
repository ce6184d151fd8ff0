// Turns the slides of a page by keys, buttons, number, touch and address (#3). No library.
"use strict";
const SLIDES = [...document.querySelectorAll("section")];
const SMALLEST = 20; // pixels of text on the stage of 1280 × 720; below that nobody reads it
const COMFORTABLE = 400; // pixels of a frame, for which the words beside it become smaller
const LOWEST = 220; // below that nothing in it can be used
const SWIPE = 50; // pixels of a touch that turns the slide
const [back, on, page, says] = ["back", "on", "page", "says"].map((id) => document.getElementById(id));
let now = 0;

function show(number) {
  now = Math.min(Math.max(number, 1), SLIDES.length);
  SLIDES.forEach((slide, at) => slide.classList.toggle("now", at === now - 1));
  page.value = now;
  back.disabled = now === 1;
  on.disabled = now === SLIDES.length && !holdsBack();
  says.textContent = SLIDES[now - 1].getAttribute("aria-label");
  history.replaceState(null, "", `#${now}`);
}

// What stands behind a prediction comes when the class has guessed.
function holdsBack() {
  const slide = SLIDES[now - 1];
  return slide.querySelector(".later") !== null && !slide.classList.contains("told");
}

function forward() {
  if (!holdsBack()) return show(now + 1);
  const slide = SLIDES[now - 1];
  slide.classList.add("told");
  for (const frame of slide.querySelectorAll("iframe")) {
    frame.classList.toggle("gone", frame.clientHeight < LOWEST);
  }
  on.disabled = now === SLIDES.length;
  says.textContent = [...slide.querySelectorAll(".later")].map((e) => e.innerText).join(" ");
}

function numberIn(text) {
  return Number.parseInt(text, 10) || now; // what is no number leaves the slide as it is
}

// Where the words of a slide need more room than there is, they become a little smaller; and where
// something in it that works is left too little.
function fit(slide) {
  const wasTold = slide.classList.contains("told");
  const told = (yes) => slide.classList.toggle("told", yes);
  const some = (name, low) => [...slide.querySelectorAll(name)].some((e) => e.clientHeight < low);
  const leaf = () => told(true) && (slide.scrollHeight > slide.clientHeight + 1 || some("img", 260));
  const frame = () => !told(false) && some("iframe", COMFORTABLE);
  for (let size = 27; size >= SMALLEST; size -= 1) {
    slide.style.fontSize = `${size}px`;
    if (!leaf() && !frame()) break;
  }
  told(wasTold);
}

function scale() {
  const factor = Math.min(innerWidth / 1280, innerHeight / 720);
  document.documentElement.style.setProperty("--scale", factor);
}

const backward = () => show(now - 1);
const KEYS = {
  ArrowRight: forward, ArrowDown: forward, PageDown: forward, " ": forward,
  ArrowLeft: backward, ArrowUp: backward, PageUp: backward,
  Home: () => show(1), End: () => show(SLIDES.length),
};

addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input")) return;
  if (event.key === " " && event.target.closest("button, a")) return;
  const turn = event.key === " " && event.shiftKey ? backward : KEYS[event.key];
  if (turn) {
    event.preventDefault();
    turn();
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
back.addEventListener("click", backward);
on.addEventListener("click", forward);
addEventListener("hashchange", () => show(numberIn(location.hash.slice(1))));

let touched = null;
addEventListener("touchstart", (event) => {
  touched = event.touches.length === 1 ? event.touches[0].clientX : null;
}, { passive: true });
addEventListener("touchend", (event) => {
  const moved = touched === null ? 0 : event.changedTouches[0].clientX - touched;
  if (Math.abs(moved) > SWIPE) (moved < 0 ? forward : backward)();
});

document.documentElement.classList.add("deck");
SLIDES.forEach(fit);
scale();
addEventListener("resize", scale);
addEventListener("load", () => SLIDES.forEach(fit)); // pictures have their size by now
show(numberIn(location.hash.slice(1)) || 1);
