// In a page on a slide: make it as large as the slide's frame allows, and never too small to read.
"use strict";
const [SMALLEST, LARGEST, STEP] = [0.62, 1.7, 0.04];
const MOST_GROWTHS = 8; // so that a page whose size hangs on the zoom comes to rest
let zoom = LARGEST;
let growths = 0;

function shrink() {
  if (!innerHeight) return; // its slide is not on show
  const root = document.documentElement;
  const tooLarge = () => root.scrollHeight > innerHeight || root.scrollWidth > innerWidth;
  while (zoom > SMALLEST && tooLarge()) {
    zoom = Math.max(zoom - STEP, SMALLEST);
    document.body.style.zoom = zoom;
  }
}

function fit() {
  zoom = LARGEST;
  document.body.style.zoom = zoom;
  shrink();
}

// What the page draws grows, and shrinks again: a font that comes late, a picture that finds its
// size. What was too large for a moment must not stay small.
function follow() {
  const before = zoom;
  if (growths < MOST_GROWTHS) fit();
  else shrink();
  if (zoom > before) growths += 1;
}

addEventListener("resize", () => {
  growths = 0;
  fit();
});
addEventListener("load", () => {
  fit();
  new ResizeObserver(() => requestAnimationFrame(follow)).observe(document.body);
});
