"""CI may not skip a browser test: the rule, tried on small test files in a pytest of their own."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SKIPS_IN_TEST = """
    import pytest

    @pytest.mark.browser
    def test_slider(chromium):
        assert chromium
"""
SKIPS_AT_IMPORT = "import pytest; pytest.importorskip('no_such_browser_driver')"
SKIPS_WITHOUT_BROWSER = "import pytest\ndef test_other(): pytest.skip('not about browsers')"
PASSES = """
    import pytest

    @pytest.mark.browser
    def test_slider(chromium):
        assert chromium.endswith("python3")
"""


@pytest.fixture
def run(pytester, monkeypatch):
    pytester.makeconftest(
        (Path(__file__).resolve().parents[1] / "conftest.py").read_text(encoding="utf-8")
    )
    pytester.makeini("[pytest]\nmarkers = browser")

    def run(source, required, browser="no-such-browser"):
        monkeypatch.setenv("PRUNELAB_CHROMIUM", browser)
        monkeypatch.setenv("PRUNELAB_REQUIRE_BROWSER", "1" if required else "0")
        pytester.makepyfile(test_sample=source)
        return pytester.runpytest_inprocess("-rs", "-p", "no:cacheprovider")

    return run


def test_a_browser_test_skips_with_its_reason_where_none_is_required(run):
    result = run(SKIPS_IN_TEST, required=False)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*PRUNELAB_CHROMIUM=no-such-browser is not a program*"])


@pytest.mark.parametrize("source", [SKIPS_IN_TEST, SKIPS_AT_IMPORT])
def test_a_skipped_browser_test_fails_where_one_is_required(run, source):
    result = run(source, required=True)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*PRUNELAB_REQUIRE_BROWSER=1, but this was skipped*"])
    assert result.ret == (2 if source == SKIPS_AT_IMPORT else 1)


def test_other_skips_stay_skips(run):
    run(SKIPS_WITHOUT_BROWSER, required=True).assert_outcomes(skipped=1)


def test_a_browser_that_is_there_is_handed_over(run):
    run(PASSES, required=True, browser="python3").assert_outcomes(passed=1)
