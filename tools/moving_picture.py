"""Draw the moving picture of the README: a hand drags end_step until the schedule fits its run.

    python -m tools.moving_picture      writes docs/figures/schedule_explorer.png, animated

A real explorer, saved as a page and driven in Chromium (PRUNELAB_CHROMIUM, or the one on PATH); the
pointer is drawn in, for a headless browser has none to show.
"""

import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from prunelab.base.files import write_atomically
from prunelab.widgets import ScheduleExplorer

TARGET = Path(__file__).resolve().parent.parent / "docs" / "figures" / "schedule_explorer.png"
MOST_BYTES = 2_000_000
STEPS = 45  # in which a hand would cross the slider
COLOURS = 96
WIDE = 860
END = 1500  # where the drag ends: a little before the run does
POINTER = """
const hand = document.createElement("div");
hand.id = "hand";
hand.style.cssText = "position:fixed;width:18px;height:18px;border-radius:50%;z-index:99;" +
  "background:rgba(213,94,0,.45);border:2px solid #D55E00;pointer-events:none;left:-50px;top:0";
document.body.append(hand);
document.addEventListener("mousemove", (event) => {
  hand.style.left = `${event.clientX - 11}px`;
  hand.style.top = `${event.clientY - 11}px`;
});
"""


def frames(page):
    """(picture, milliseconds) of the drag, as the page shows it; the code below it is left out."""
    card, code = (page.locator(name).bounding_box() for name in (".pl-card", ".pl-card pre"))
    around = {"x": 0, "y": 0, "width": WIDE, "height": code["y"] - card["y"] - 6}
    slider = page.get_by_role("slider", name="end_step", exact=True)
    number = page.get_by_label("end_step, as a number")
    box = slider.bounding_box()
    low, high, value = (float(slider.evaluate(f"it => it.{n}")) for n in ("min", "max", "value"))

    def shot():
        return Image.open(io.BytesIO(page.screenshot(clip=around))).convert("RGB")

    height = box["y"] + box["height"] / 2
    thumb = 16  # it stays inside the ends of its range
    x = box["x"] + thumb / 2 + (value - low) / (high - low) * (box["width"] - thumb)
    page.mouse.move(x, height)
    yield shot(), 1200
    page.mouse.down()
    while float(number.input_value()) > END:
        x -= box["width"] / STEPS
        if x < box["x"]:
            raise RuntimeError("the slider does not follow the hand")
        page.mouse.move(x, height)
        page.wait_for_timeout(60)
        yield shot(), 90
    page.mouse.up()
    page.evaluate("hand.remove()")  # the slider has a new range now, and its thumb another place
    page.wait_for_timeout(200)
    yield shot(), 2600


def main():
    """Write the picture; the exit code."""
    names = (os.environ.get("PRUNELAB_CHROMIUM", "chromium"), "chromium-browser", "chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        print("there is no Chromium: set PRUNELAB_CHROMIUM to one", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        saved = ScheduleExplorer().save_html(Path(folder, "page.html"))
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDE, "height": 1300})
        page.goto(saved.as_uri())
        page.wait_for_selector(".pl-card")
        page.evaluate(POINTER)
        drawn = list(frames(page))
        browser.close()
    least = min(picture.height for picture, _ in drawn)
    pictures = [picture.crop((0, 0, picture.width, least)) for picture, _ in drawn]
    both = Image.new("RGB", (WIDE, 2 * least))  # the last one has colours that the first has not
    both.paste(pictures[0], (0, 0))
    both.paste(pictures[-1], (0, least))
    # The median of what is there would have no green: few pixels are.
    palette = both.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    buffer = io.BytesIO()
    few[0].save(
        buffer, format="PNG", save_all=True, append_images=few[1:], loop=0,
        duration=[milliseconds for _, milliseconds in drawn], optimize=True,
    )  # fmt: skip
    content = buffer.getvalue()
    if len(content) > MOST_BYTES:
        print(f"{len(content):,} bytes; {MOST_BYTES:,} are the most", file=sys.stderr)
        return 1
    write_atomically(TARGET, lambda file: file.write(content))
    print(f"{TARGET.name}: {len(content):,} bytes, {len(few)} frames, {few[0].size}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
