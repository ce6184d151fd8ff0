"""Rules on the shape of a chapter: names, sections, rhythm of words and code, exercises."""

import re

from tools.minutes import MOST, estimate

OPENING = ("What you'll do", "What you'll learn", "What you'll need")
CLOSING = ("On your own", "In practice", "Further reading")
MEAN_LINES, MOST_LINES = 5, 12
WORDS_FIRST = 0.80
SOLUTION_WITHIN = 3
SHEET_WORDS = 220
STOP, LONG = "A good place to stop.", 45  # minutes from which on a chapter has one
START = "00_start_here.ipynb"


def file_name(chapter):
    """NN_verb_phrase.ipynb: two digits (an appendix: and a letter), two words, lower case."""
    if re.fullmatch(r"\d\d[a-z]?(_[a-z0-9]+){2,}\.ipynb", chapter.name):
        return []
    return [chapter.say(None, "the file is not named NN_verb_phrase.ipynb; rename it")]


def title(chapter):
    """One H1, first in the notebook, that equals the file name in words."""
    wanted = re.sub(r"^\d+[a-z]?_|\.ipynb$", "", chapter.name).replace("_", " ")
    found = [(number, text) for number, level, text in chapter.headings if level == 1]
    if len(found) != 1 or found[0][0] != 1:
        return [chapter.say(None, f"begin with one H1, '# {wanted.capitalize()}', and no other")]
    if found[0][1].casefold() != wanted or not found[0][1][0].isupper():
        return [chapter.say(1, f"the H1 is not the file name; write '# {wanted.capitalize()}'")]
    return []


def _in_order(chapter, wanted, before):
    """Is each wanted heading there once, in this order, above cell number `before`?"""
    titles = [text for number, _, text in chapter.headings if number < before]
    return [text for text in titles if text in wanted] == list(wanted)


def opening(chapter):
    """What you'll do, learn, need: headings in this order above the first code cell."""
    first = chapter.code[0].number if chapter.code else len(chapter.cells) + 1
    if not _in_order(chapter, OPENING, first):
        names = " · ".join(OPENING)
        return [chapter.say(None, f"open with the headings {names}, in order, before any code")]
    return []


def minutes(chapter):
    """What you'll need says how many minutes the chapter takes by the estimate, at most 90."""
    need = re.compile(r"^#+\s+What you['’]ll need\s*$(.*?)(?=^#|\Z)", re.M | re.S)
    text = "\n".join(cell.source for cell in chapter.prose)
    section = need.search(text)
    said = section and re.search(r"(\d+)\s+minutes", section[1])
    takes = estimate(chapter.nb).stated
    if takes > MOST:
        return [chapter.say(None, f"takes {takes} minutes; shorten it to {MOST}, or split it")]
    if said and int(said[1]) == takes:
        return []
    return [chapter.say(None, f"say under What you'll need that it takes {takes} minutes")]


def places_to_stop(chapter):
    """A chapter of more than 45 minutes marks a place to stop."""
    marked = any(STOP in cell.source for cell in chapter.prose)
    if marked or estimate(chapter.nb).stated <= LONG:
        return []
    return [chapter.say(None, f"mark a place between two sections: **{STOP}**")]


def cheat_sheet(chapter):
    """A cell '## Cheat sheet' tagged `sheet` directly before On your own, at most 220 words."""
    if chapter.name == START:
        return []
    tagged = [cell for cell in chapter.cells if "sheet" in cell.tags]
    if len(tagged) != 1 or not tagged[0].source.startswith("## Cheat sheet\n"):
        return [chapter.say(None, "tag `sheet` one cell, which begins with '## Cheat sheet'")]
    after, words = chapter.after(tagged[0]), len(tagged[0].source.split())
    found = []
    if after is None or not after.source.startswith(f"## {CLOSING[0]}"):
        found.append(chapter.say(tagged[0], f"put it directly above {CLOSING[0]}"))
    if words > SHEET_WORDS:
        found.append(chapter.say(tagged[0], f"{words} words; {SHEET_WORDS} fit on its page"))
    return found


def closing(chapter):
    """On your own, In practice, Further reading: in this order, and nothing comes after."""
    found = _in_order(chapter, CLOSING, len(chapter.cells) + 1)
    last = chapter.headings[-1][2] if chapter.headings else ""
    if not found or last != CLOSING[-1]:
        names = " · ".join(CLOSING)
        return [chapter.say(None, f"close with the headings {names}, in order, with none after")]
    return []


def words_before_code(chapter):
    """At least 80 % of code cells stand directly after a markdown cell; solutions follow stubs."""
    asked = [c for c in chapter.code if "solution" not in c.tags]
    bare = [c for c in asked if c.number == 1 or chapter.cells[c.number - 2] in chapter.code]
    share = 1 - len(bare) / max(len(asked), 1)
    if share >= WORDS_FIRST:
        return []
    numbers = ", ".join(str(c.number) for c in bare)
    return [
        chapter.say(
            None,
            f"{share:.0%} of code cells stand directly after a markdown cell, "
            f"{WORDS_FIRST:.0%} are wanted; put a sentence above some of the cells {numbers}",
        )
    ]


def cell_length(chapter):
    """Code cells have at most 12 lines, 5 on average (blank lines do not count)."""
    found = [
        chapter.say(
            c, f"{len(c.lines)} non-blank lines; split it, {MOST_LINES} are the most a cell has"
        )
        for c in chapter.code
        if len(c.lines) > MOST_LINES
    ]
    mean = sum(len(c.lines) for c in chapter.code) / max(len(chapter.code), 1)
    if mean > MEAN_LINES:
        found.append(
            chapter.say(
                None,
                f"code cells have {mean:.2f} non-blank lines on average; "
                f"shorten them to {MEAN_LINES} or fewer",
            )
        )
    return found


def words_after_figure(chapter):
    """After each figure, a markdown cell that says what to see, then why."""
    below = [(c, chapter.after(c)) for c in chapter.code if c.images]
    return [
        chapter.say(c, "a figure with no markdown cell below; say what to see in it, then why")
        for c, after in below
        if after is None or after.kind != "markdown"
    ]


def explorer_in_context(chapter):
    """A static figure before each explorer, a question after it; each is tagged `explorer`."""
    found, figure_seen = [], False
    for cell in chapter.code:
        shows = any(re.match(r"\w*(Explorer|Bench)\(", t) for t in cell.texts("text/plain"))
        if shows != ("explorer" in cell.tags):
            found.append(chapter.say(cell, "tag `explorer` the cells that show one, and no others"))
        if not shows:
            figure_seen = figure_seen or bool(cell.images)
            continue
        if not figure_seen:
            found.append(chapter.say(cell, "draw a static figure of the default state above it"))
        figure_seen = False
        after = chapter.after(cell)
        if after is None or after.kind != "markdown" or "?" not in after.source:
            found.append(chapter.say(cell, "ask, in the cell below, what the explorer answers"))
    return found


def compute_or_draw(chapter):
    """A cell computes or draws, not both."""
    work = {"fit", "fit_transform", "train", "run", "cross_validate", "cross_val_score"}
    found = []
    for cell in chapter.code:
        does = sorted({n.split(".")[-1] for n, _ in cell.calls} & work)
        if cell.images and does and "explorer" not in cell.tags:
            found.append(chapter.say(cell, f"calls {does[0]}() and draws; make it two cells"))
    return found


def solutions(chapter):
    """Each exercise is followed within 3 cells by a solution; those are collapsed, and confirm.

    What confirms is not recorded: so no solution of ours checks, and nothing else confirms.
    """
    found = []
    for cell in chapter.cells:
        below = chapter.cells[cell.number : cell.number + SOLUTION_WITHIN]
        above = chapter.cells[max(cell.number - 1 - SOLUTION_WITHIN, 0) : cell.number - 1]
        if "exercise" in cell.tags and not any("solution" in c.tags for c in below):
            found.append(
                chapter.say(
                    cell,
                    f"an exercise without a solution in the {SOLUTION_WITHIN} cells below; "
                    "add one, tagged `solution`",
                )
            )
        if cell.kind == "code":
            wrong, right = "check", "confirm"
            if "solution" not in cell.tags:
                wrong, right = right, wrong
            if any(name.endswith(f".{wrong}") for name, _ in cell.calls):
                found.append(
                    chapter.say(cell, f"calls {wrong}(); a cell of its kind calls {right}()")
                )
        if "solution" not in cell.tags:
            continue
        if not any({"exercise", "solution"} & set(c.tags) for c in above):
            found.append(chapter.say(cell, "a solution without an exercise; tag its stub"))
        if cell.kind == "code" and not cell.node.metadata.get("jupyter", {}).get("source_hidden"):
            found.append(
                chapter.say(cell, "a solution in view; set its metadata jupyter.source_hidden")
            )
    return found


RULES = (
    file_name,
    title,
    opening,
    minutes,
    places_to_stop,
    cheat_sheet,
    closing,
    words_before_code,
    cell_length,
    words_after_figure,
    explorer_in_context,
    compute_or_draw,
    solutions,
)
