// In a page on a slide: make it as small as the slide's frame, but never too small to read.

const SMALLEST = 0.62;

function fit() {
  if (!innerHeight) return; // its slide is not on show
  const { style } = document.body;
  style.zoom = 1;
  const tall = document.body.offsetHeight + 2 * document.body.offsetTop;
  style.zoom = Math.min(1, Math.max(SMALLEST, innerHeight / tall));
}

addEventListener("resize", fit);
addEventListener("load", () => {
  fit();
  setTimeout(fit, 300); // what draws itself has done so by then
});
