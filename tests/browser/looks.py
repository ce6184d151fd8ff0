"""What is cut off, too wide or too pale in a card, and its screenshot for the README."""

import os
from pathlib import Path

from PIL import Image

from tests.browser.lab import resize

# Parts of pictures that are cut off by their edge, and parts that are wider than their room.
OUTSIDE = """
([roots, pictured, may]) => {
  const all = (selector, of) => of.flatMap((part) => [...part.querySelectorAll(selector)]);
  const cards = [...document.querySelectorAll(roots)];
  const cut = all("svg", cards).flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    return all(pictured, [svg]).filter((part) => {
      const box = part.getBoundingClientRect();
      return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1
        || box.top < frame.top - 1 || box.bottom > frame.bottom + 1);
    });
  });
  const wide = [...cards, ...all("*", cards)].filter((part) => !part.closest(may)
    && part.clientWidth && part.scrollWidth > part.clientWidth + 1
    && getComputedStyle(part).display !== "inline");
  return [...cut, ...wide].map((part) => part.outerHTML.slice(0, 150));
}
"""
MAY_SCROLL = "svg, pre, select, input, .widget-slider, .pl-spoken, .pl-unseen"
# Pairs of texts of one picture whose letters lie on each other. The box of a text is higher than
# its letters: a sixth above and below belongs to none.
CROSSED = """
([roots, but]) => [...document.querySelectorAll(`:is(${roots}) svg`)].flatMap((svg) => {
  const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent.trim()
    && !text.matches(but)
    && text.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
  const boxes = texts.map((text) => {
    const { left, right, top, bottom } = text.getBoundingClientRect();
    const spare = Math.min(bottom - top, 20) / 6;
    return { words: text.textContent, left, right, top: top + spare, bottom: bottom - spare };
  });
  return boxes.flatMap((a, i) => boxes.slice(i + 1)
    .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
    .map((b) => `${a.words} × ${b.words}`));
})
"""
# Contrast as WCAG 2.2 defines it, of each element's colour against the card behind it.
CONTRAST = """
([card, selector, property]) => {
  const channel = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (color) => {
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b] = paint.getImageData(0, 0, 1, 1).data;
    return 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  };
  const back = luminance(getComputedStyle(document.querySelector(card)).backgroundColor);
  return [...document.querySelectorAll(selector)].map((part) => {
    const own = luminance(getComputedStyle(part)[property]);
    return (Math.max(own, back) + 0.05) / (Math.min(own, back) + 0.05);
  });
}
"""
WIDTHS = (860, 1050, 1280, 1700)


def outside(page, *, card=".prunelab .pl-card", pictured="text", may=MAY_SCROLL):
    """The parts that are cut off or wider than their room, each as the beginning of its HTML.

    may: a selector of what scrolls in its own room.
    """
    return page.evaluate(OUTSIDE, [card, pictured, may])


def crossed(page, card=".prunelab .pl-card", *, but="none"):
    """The texts of pictures that run over another one, each pair as "one × other".

    but: a selector of texts that are marks of the data and lie where those lie.
    """
    return page.evaluate(CROSSED, [card, but])


def outside_anywhere(notebook, changes, widths=WIDTHS, also=lambda page: [], **options):
    """{(width, change): what is outside then} of a card in windows of several widths.

    changes: lines of code that the kernel runs. also: a function from the page to what else is
    amiss. The window gets its size again.
    """
    page, found = notebook.page, {}
    size = page.viewport_size
    try:
        for width in widths:
            resize(page, width, size["height"])
            for change in changes:
                assert notebook.kernel(change) == ""
                page.wait_for_timeout(200)
                if amiss := outside(page, **options) + also(page):
                    found[width, change] = amiss
    finally:
        resize(page, **size)
    return found


def contrast(page, selector, prop, card=".prunelab .pl-card"):
    """The least contrast of the elements that a selector finds, one at least."""
    return min(page.evaluate(CONTRAST, [card, selector, prop]))


def pale(page, texts=(), labels=(), lines=(), areas=(), card=".prunelab .pl-card"):
    """{selector: contrast} of what is too pale to read, or to see, on the card.

    texts: of the page; labels: texts of pictures; lines and areas: other parts of pictures.
    """
    rules = (("", texts, "color", 4.5), ("svg ", labels, "fill", 4.5))
    rules += (("svg ", lines, "stroke", 3), ("svg ", areas, "fill", 3))
    root = card.split()[0]
    found = {
        selector: (contrast(page, f"{root} {within}{selector}", prop, card), least)
        for within, selectors, prop, least in rules
        for selector in selectors
    }
    return {selector: value for selector, (value, least) in found.items() if value < least}


def keep_picture(made, name, tmp_path, *, until=None):
    """A real screenshot of the first card; PRUNELAB_SCREENSHOTS names where to keep it.

    until: a selector of the part before which the picture ends.
    """
    card = made.page.locator(".prunelab .pl-card").first
    card.wait_for(timeout=90_000)
    made.page.mouse.move(5, 5)
    made.page.wait_for_timeout(300)
    path = Path(os.environ.get("PRUNELAB_SCREENSHOTS", tmp_path)) / f"{name}.png"
    if until is None:
        card.screenshot(path=path)
    else:
        clip, below = card.bounding_box(), card.locator(until).bounding_box()
        made.page.screenshot(path=path, clip=clip | {"height": below["y"] - clip["y"]})
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    assert 20_000 < path.stat().st_size < 250_000
    assert made.errors == []
