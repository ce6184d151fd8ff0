"""Rules on the slides of a chapter: how many, and how they begin."""

from tools.slide_cells import SlideError, slides

FEWEST, MOST = 8, 25


def slide_tags(chapter):
    """The tags make slides: none goes on a slide that has not begun, no code is too long."""
    try:
        slides(chapter.nb)
    except SlideError as error:
        return [chapter.say(None, str(error))]
    return []


def slide_count(chapter):
    """A chapter has 8 to 25 slides."""
    count = sum("slide" in cell.tags for cell in chapter.cells)
    if FEWEST <= count <= MOST:
        return []
    return [
        chapter.say(
            None, f"{count} slides; tag as many cells `slide` as make {FEWEST} to {MOST} of them"
        )
    ]


def first_slide(chapter):
    """The first slide is the title: the cell with the H1 begins it."""
    first = next((cell for cell in chapter.cells if "slide" in cell.tags), None)
    if first is None or any(number == first.number and level == 1
                            for number, level, _ in chapter.headings):  # fmt: skip
        return []
    return [chapter.say(first, "the first slide is not the title; tag the cell of the H1")]


RULES = (slide_tags, slide_count, first_slide)
