"""The slides of the chapters: as many as are tagged, nothing fetched, formulas drawn."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import nbformat
import pytest

from tests.helpers.made_slides import FORMULA, PATHS, deck_of, notebook, small_deck, tagged
from tests.helpers.sample_chapter import GRADIENT, code, show, words
from tools import slides, slides_live
from tools.slide_cells import SlideError, numbers_of
from tools.tex_mathml import MATH, TexError, mathml, with_mathml


class Page(HTMLParser):
    """What a page consists of: its slides' labels, what it fetches, where its links lead."""

    def __init__(self, html):
        super().__init__()
        self.labels, self.fetched, self.links, self.alts, self.frames = [], [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if attrs.get("aria-roledescription") == "slide":
            self.labels.append(attrs["aria-label"])
        if tag == "img":
            self.alts.append(attrs.get("alt"))
        if tag == "iframe":
            self.frames.append(attrs["srcdoc"])
        if tag == "a":
            self.links.append(attrs.get("href"))
        elif tag == "link":
            self.fetched.append(attrs.get("href"))
        for name in ("src", "srcset", "data", "poster", "xlink:href"):
            if attrs.get(name) and not attrs[name].startswith("data:"):
                self.fetched.append(attrs[name])


def fetched(html):
    """The addresses that a page would load by itself."""
    styles = "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    return [*Page(html).fetched, *re.findall(r"@import.*|url\((?!data:).*?\)", styles)]


@pytest.fixture(scope="module")
def small():
    return slides.page(small_deck())


def test_tags_make_slides():
    assert numbers_of(small_deck()) == [[1], [3, 4], [5], [7]]
    assert numbers_of(notebook(words("a"), code("b"))) == []
    assert slides.page(notebook(words("a"))) is None


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([tagged(words("a"), "slide-more"), tagged(words("b"), "slide")], "cell 1 .* before any"),
        ([words("x"), tagged(words("a"), "slide", "slide-more")], "cell 2 .* keep one"),
        ([tagged(code("\n".join("abcdefghijklm")), "slide")], "cell 1 .* 13 lines of code"),
    ],
)
def test_tags_that_make_no_slides_are_named(cells, says):
    with pytest.raises(SlideError, match=says):
        slides.page(notebook(*cells))


def test_a_slide_is_named_by_its_heading_or_the_one_above(small):
    assert Page(small).labels == [
        "Slide 1 of 4: Count the zeros",
        "Slide 2 of 4: Formula",
        "Slide 3 of 4: Formula",
        "Slide 4 of 4: Seen",
    ]
    assert "<title>Count the zeros</title>" in small


def test_what_is_shown_of_a_cell(small):
    assert "1 &lt; 2" in small
    assert "0.123" not in small
    assert "print</span>" not in small
    assert "Measured: 28.94 %" in small
    assert "No guess" not in small
    assert re.search(r"def</span>.*half", small)
    assert "numbers:" not in small
    assert Page(small).links == ["01_trees.html#top"]
    assert Page(small).alts == ["A wall stands at 463. It is high."]


def test_what_stands_behind_a_prediction_is_held_back():
    asks = tagged(code("guess", show("Prediction('How many?', low=0)", GRADIENT)), "slide")
    cells = [asks, tagged(code("print(1)", "1\n"), "slide-more"), tagged(words("So."), "slide")]
    html = slides.page(notebook(*cells))
    assert html.count('<div class="code">') == html.count('<div class="code later">') == 1
    assert html.count('<div class="words">') == 1


def test_an_explorer_is_described_by_its_facts():
    shown = show("ScheduleExplorer(end_step=5000)", "abcd")
    html = slides.page(notebook(tagged(code("explorer", shown), "slide"), words("And?")))
    assert Page(html).alts == ["ScheduleExplorer(end_step=5000)"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_chapter_has_as_many_slides_as_are_tagged_and_fetches_nothing(path):
    nb = nbformat.read(path, as_version=4)
    count = sum("slide" in cell.metadata.get("tags", []) for cell in nb.cells)
    html = deck_of(path)
    assert count == len(Page(html).labels if html else [])
    assert html is None or fetched(html) == []
    assert html is None or "$" not in re.sub(
        r"<(script|style|pre|code)\b.*?</\1>", "", html, flags=re.S
    )


@pytest.mark.parametrize(
    "spoilt",
    [
        '<script src="https://cdn.example.org/reveal.js"></script>',
        '<link rel="stylesheet" href="style.css">',
        '<img src="figures/a.png" alt="a">',
        "<style>@import 'x.css';</style>",
        "<style>p { background: url(a.png) }</style>",
    ],
)
def test_what_is_fetched_would_be_seen(small, spoilt):
    assert fetched(small) == []
    assert len(fetched(small.replace("<main>", f"{spoilt}<main>"))) == 1


def test_a_formula_is_well_formed_and_keeps_its_parts():
    math = ElementTree.fromstring(mathml(FORMULA.strip("$"), block=True))
    (fraction,) = math.iter("mfrac")
    assert ["".join(part.itertext()) for part in fraction] == ["t−t0", "te−t0"]
    (power,) = math.iter("msup")
    assert power[1].find("mi").text == "p"
    assert math.find("semantics/annotation").text == FORMULA.strip("$")
    assert [s.tag for s in ElementTree.fromstring(mathml("x_1^2")).iter("msubsup")] == ["msubsup"]


@pytest.mark.parametrize(
    "tex",
    [r"\onit x", "x^", "{x", r"\left(x", "x^2^3", "x & y", r"\frac{a}", "x}", r"\sqrt", "50% x"],
)
def test_a_formula_that_cannot_be_drawn_is_named(tex):
    with pytest.raises(TexError, match=re.escape(f"${tex}$") + "[^\n]+$"):
        mathml(tex)


def test_signs_of_html_in_a_formula_stay_signs():
    math = ElementTree.fromstring(mathml(r"a < b \text{ > } \&"))
    assert "".join(math.find("semantics/mrow").itertext()) == "a<b\xa0>\xa0&"


def test_only_formulas_become_formulas():
    html = "<p>$x$ and</p><pre>$y$</pre><code>$z$</code>"
    assert with_mathml(html).count("<math>") == 1
    assert "<pre>$y$</pre><code>$z$</code>" in with_mathml(html)


def test_all_formulas_of_the_course_are_known():
    texts = [c.source for p in PATHS for c in nbformat.read(p, as_version=4).cells]
    cut = [re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL) for text in texts]
    found = [match[1] or match[2] for text in cut for match in MATH.finditer(text)]
    assert len(found) > 10
    for tex in found:
        assert mathml(tex)


def test_the_command_writes_pages_and_their_list(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(slides, "FOLDER", tmp_path / "slides")
    chapter = tmp_path / "01_count_the_zeros.ipynb"
    nbformat.write(small_deck(), chapter)
    assert slides.main([str(chapter)]) == 0
    assert "01_count_the_zeros: 4 slides" in capsys.readouterr().out
    index = (tmp_path / "slides" / "index.html").read_text("utf-8")
    assert '<a href="01_count_the_zeros.html">Count the zeros</a> · 4 slides' in index
    assert slides.main(["no such chapter"]) == 1
    assert "no notebook begins with" in capsys.readouterr().err
    spoilt = notebook(tagged(words("a"), "slide-more"))
    nbformat.write(spoilt, chapter)
    assert slides.main([str(chapter)]) == 1
    assert "before any slide" in capsys.readouterr().err


def test_a_live_deck_holds_the_pages_of_its_explorers(tmp_path):
    # A chapter may set `_` itself, which then is no longer what was displayed last.
    imports = "from prunelab.widgets.schedule.explorer import ScheduleExplorer\n_ = [1]\n"
    cells = [
        tagged(code(f"{first}ScheduleExplorer({knob})", show(f"ScheduleExplorer({knob})")), "slide")
        for first, knob in ((imports, "end_step=4321"), ("", "power=7"))
    ]
    nb = notebook(*cells, tagged(code("print(6 * 7)", "old\n"), "slide"))
    ran, live = slides_live.run(nb, tmp_path / "01_try_it.ipynb", timeout=120)
    assert [cell.id for cell in ran.cells] == ["cell-1", "cell-2", "cell-3"]
    assert ran.cells[2].outputs[0].text == "42\n"
    html = slides.page(ran, tmp_path, live)
    one, other = Page(html).frames
    assert '"end_step": 4321' in one
    assert '"power": 7' in other
    assert fetched(html) == []
