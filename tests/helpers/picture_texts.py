"""Texts of a matplotlib figure that lie on each other or beyond its edge."""

from matplotlib.text import Text

from prunelab.figures import canvas
from prunelab.figures.text import shown_literally


def amiss(explorer):
    """What is wrong in the still picture of an explorer: "cut off: …", "one × other"."""
    figure = canvas.new_figure(*explorer.picture_inches)
    explorer.draw(figure)
    figure.set_dpi(100)
    with shown_literally(figure):
        figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    boxes = []
    for text in _shown(figure):
        box = text.get_window_extent()
        spare = min(box.height, 20) / 8  # of its height, above and below the letters
        boxes.append((text.get_text(), box.x0, box.x1, box.y0 + spare, box.y1 - spare))
    assert boxes
    found = [
        f"cut off: {words}"
        for words, left, right, low, high in boxes
        if left < -1 or right > width + 1 or low < -1 or high > height + 1
    ]
    for at, (one, *a) in enumerate(boxes):
        for other, *b in boxes[at + 1 :]:
            if a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]:
                found.append(f"{one} × {other}")
    return found


def _shown(figure):
    """The texts that are drawn: a tick beyond the ends of its axis is not."""
    beyond = set()
    for ax in figure.findobj(lambda part: hasattr(part, "xaxis")):  # a secondary axis is no Axes
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not ax.axison or not low <= tick.get_loc() <= high:
                    beyond |= {tick.label1, tick.label2}
    texts = figure.findobj(lambda part: isinstance(part, Text) and part.get_visible())
    return [text for text in texts if text not in beyond and text.get_text().strip()]
