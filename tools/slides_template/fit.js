// In a page on a slide: make it as large as the slide's frame allows, and never too small to read.
"use strict";
const [SMALLEST, LARGEST, STEP] = [0.62, 1.7, 0.04];
let zoom = LARGEST;

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

addEventListener("resize", fit);
addEventListener("load", () => {
  fit();
  new ResizeObserver(shrink).observe(document.body); // what draws itself grows later
});
