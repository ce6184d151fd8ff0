"""A failed browser test is tried once more; nothing else may end green by that."""

import os

import pytest

from tools import browser_tests as tool

# A test that fails until a file lies beside it: the second try finds the file.
FLAKY = """
from pathlib import Path
def test_{name}():
    mark = Path(__file__).with_name("{name}.mark")
    if not mark.exists():
        mark.touch()
        assert False, "a race"
"""
GOOD = "def test_good():\n    pass\n"


@pytest.fixture
def tried(tmp_path, monkeypatch, capfd):
    """A function that runs the tool on files of tests; (exit code, what it said)."""
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take seconds to import
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    def run(**files):
        for name, text in files.items():
            (tmp_path / f"test_{name}.py").write_text(text)
        code = tool.browser_tests(["-q"], tmp_path)
        return code, capfd.readouterr().out

    return run


def test_all_good_is_green_and_nothing_is_tried_again(tried):
    code, said = tried(a=GOOD)
    assert code == 0
    assert "tried" not in said


def test_a_race_is_tried_once_more_and_named(tried):
    code, said = tried(a=GOOD + FLAKY.format(name="one"), b=FLAKY.format(name="two"))
    assert code == 0
    assert "2 failed and are tried once more:\n  test_a.py::test_one\n  test_b.py::test_two" in said
    assert "passed when tried once more:\n  test_a.py::test_one" in said


@pytest.mark.parametrize("n_races", [3, 4])
def test_more_than_three_are_red(tried, n_races):
    code, said = tried(a="".join(FLAKY.format(name=f"race_{at}") for at in range(n_races)))
    assert code == (n_races > 3)
    assert ("4 failed, more than 3 to try again" in said) == (n_races > 3)


def test_what_fails_again_is_red(tried):
    code, said = tried(a=GOOD + "def test_bad():\n    assert 0\n" + FLAKY.format(name="one"))
    assert code == 1
    assert "not mended by a second try (test_a.py::test_bad)" in said


# What ends a run before its time, with a race before it that a second try would mend.
ENDS = {
    "crash": "import os\ndef test_end():\n    os.abort()\n",
    "exit_process": "import os\ndef test_end():\n    os._exit(1)\n",
    "exit_process_quietly": "import os\ndef test_end():\n    os._exit(0)\n",
    "pytest_exit": "import pytest\ndef test_end():\n    pytest.exit('enough')\n",
    "pytest_exit_0": "import pytest\ndef test_end():\n    pytest.exit('enough', returncode=0)\n",
    "pytest_exit_1": "import pytest\ndef test_end():\n    pytest.exit('enough', returncode=1)\n",
    "interrupt": "def test_end():\n    raise KeyboardInterrupt\n",
    "will_not_import": "raise ImportError\n",
}


@pytest.mark.parametrize("end", ENDS)
def test_a_run_that_did_not_come_to_its_end_is_red(tried, end, tmp_path):
    cache = tmp_path / ".pytest_cache" / "v" / "cache"  # an earlier run's, which is nothing to it
    cache.mkdir(parents=True)
    (cache / "lastfailed").write_text('{"test_a.py::test_one": true}')
    code, said = tried(a=FLAKY.format(name="one"), b=ENDS[end], c=GOOD)
    assert code != 0
    assert "nothing is tried again" in said


def test_a_crash_in_the_second_try_is_red(tried):
    crash = FLAKY.format(name="one") + "    else:\n        import os\n        os._exit(0)\n"
    code, said = tried(a=crash)
    assert code == 1
    assert "not mended by a second try" in said


def test_skipped_when_tried_again_is_not_passed(tried):
    skips = FLAKY.format(name="one") + "    else:\n        import pytest\n        pytest.skip()\n"
    code, said = tried(a=skips)
    assert code == 1
    assert "not mended by a second try (test_a.py::test_one)" in said


@pytest.mark.parametrize("when", ["setup", "teardown"])
def test_an_error_around_a_test_is_a_failure_of_it(tried, when):
    fails = {"setup": "    assert 0\n    yield\n", "teardown": "    yield\n    assert 0\n"}[when]
    code, said = tried(
        a=f"import pytest\n@pytest.fixture\ndef broken():\n{fails}def test_it(broken):\n    pass\n"
    )
    assert code == 1
    assert "1 failed and are tried once more:\n  test_a.py::test_it" in said


def test_no_test_at_all_is_red(tried, tmp_path):
    code, said = tried(a="")
    assert code != 0
    assert "nothing is tried again" in said


def test_only_browser_tests_are_run_and_a_file_may_be_named(monkeypatch):
    asked = []
    monkeypatch.setattr(tool, "browser_tests", lambda arguments: asked.append(arguments) or 0)
    assert tool.main([]) == 0
    assert tool.main(["-k", "slides"]) == 0
    assert tool.main(["tests/browser/test_slides.py", "-x"]) == 0
    assert asked == [
        ["-m", "browser", "tests"],
        ["-m", "browser", "-k", "slides", "tests"],
        ["-m", "browser", "tests/browser/test_slides.py", "-x"],
    ]
