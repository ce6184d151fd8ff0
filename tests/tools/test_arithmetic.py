"""The families of arithmetic: each takes effect in a fresh process, or says why it cannot."""

import pytest

from tools import arithmetic, portable
from tools.arithmetic import FAMILIES, NATIVE, CannotTakeUp

AVX512 = {"kernels": ["SkylakeX"], "loops": ["X86_V3", "X86_V4", "AVX512_ICL"]}
AVX512["cpu"] = ["SSE42", "AVX2", "AVX512F"]
AVX2 = {"kernels": ["Haswell"], "loops": ["X86_V3"], "cpu": ["SSE42", "AVX2"]}
OLD_NUMPY = AVX512 | {"loops": ["SSE42", "AVX", "F16C", "FMA3", "AVX2", "AVX512F", "AVX512_SKX"]}
WHAT = "NPY_DISABLE_CPU_FEATURES"


def told(name, found):
    return arithmetic.settings(name, found)


def test_each_family_leaves_out_what_its_processors_have_not():
    assert told("haswell", AVX512) == {
        "OPENBLAS_CORETYPE": "Haswell", "ONEDNN_MAX_CPU_ISA": "AVX2", WHAT: "X86_V4 AVX512_ICL",
    }  # fmt: skip
    assert told("nehalem", AVX512)[WHAT] == "X86_V3 X86_V4 AVX512_ICL"
    assert told("nehalem", OLD_NUMPY)[WHAT] == "AVX F16C FMA3 AVX2 AVX512F AVX512_SKX"
    assert told("haswell", OLD_NUMPY)[WHAT] == "AVX512F AVX512_SKX"
    assert told("skylakex", AVX512) == {"OPENBLAS_CORETYPE": "SkylakeX"}
    assert told(NATIVE, AVX512) == {}


def test_numpy_is_not_told_to_leave_out_what_it_has_not():
    """It warns of each, on every import."""
    assert WHAT not in told("haswell", AVX2)
    assert told("nehalem", AVX2)[WHAT] == "X86_V3"


def test_a_family_beyond_the_processor_is_refused_by_name():
    with pytest.raises(CannotTakeUp, match="skylakex: this processor has no AVX512F"):
        told("skylakex", AVX2)


def test_elsewhere_the_machines_own_runs_once_and_that_is_said(monkeypatch):
    assert arithmetic.names("arm64", AVX512) == [NATIVE]
    assert arithmetic.names("x86_64", AVX512 | {"kernels": []}) == [NATIVE]  # no OpenBLAS at all
    assert arithmetic.names("AMD64", AVX512) == list(FAMILIES)
    monkeypatch.setattr(arithmetic.platform, "machine", lambda: "aarch64")
    said = []
    assert arithmetic.taken_up(say=said.append) == [NATIVE]
    assert said == ["aarch64: no other arithmetic can be emulated, so this one runs alone"]


def test_what_is_skipped_is_said(monkeypatch):
    monkeypatch.setattr(arithmetic.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(arithmetic, "native", lambda: AVX2)
    monkeypatch.setattr(
        arithmetic, "check", lambda name, onednn: {"kernels": [name], "loops": [], "onednn": ""}
    )
    said = []
    assert arithmetic.taken_up(say=said.append) == ["haswell", "nehalem"]
    assert "skylakex: this processor has no AVX512F: SKIPPED" in said


@pytest.mark.parametrize(
    ("found", "native"), [(AVX512, "skylakex"), (AVX2, "haswell"), (OLD_NUMPY, "skylakex")]
)
def test_the_machines_own_family_is_known(found, native):
    assert [name for name in FAMILIES if arithmetic.is_native(name, found)] == [native]
    zen4 = AVX512 | {"kernels": ["Haswell"]}  # OpenBLAS takes AVX2 there, NumPy AVX-512
    assert not any(arithmetic.is_native(name, zen4) for name in FAMILIES)


def test_after_make_test_the_machines_own_is_not_run_again(monkeypatch):
    monkeypatch.setattr(arithmetic, "native", lambda: AVX2)
    said = []
    assert portable.chosen(["haswell", "nehalem"], True, said.append) == ["nehalem"]
    assert said == ["haswell: this machine's own arithmetic, in which `make test` ran"]
    assert portable.chosen(["haswell", "nehalem"], False) == ["haswell", "nehalem"]


def test_every_family_of_this_machine_takes_effect():
    last = "nehalem" if arithmetic.can_be_told() else NATIVE
    assert arithmetic.taken_up(say=lambda words: None)[-1] == last


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"kernels": ["Haswell"], "loops": []}, "nehalem: OpenBLAS uses Haswell"),
        ({"kernels": ["Haswell", "Nehalem"], "loops": []}, "OpenBLAS uses Haswell, Nehalem"),
        ({"kernels": [], "loops": []}, "nehalem: OpenBLAS uses nothing"),
        ({"kernels": ["Nehalem"], "loops": ["X86_V3"]}, "nehalem: NumPy still uses X86_V3"),
    ],
)
def test_a_setting_without_effect_is_an_error(found, words, monkeypatch, capsys):
    monkeypatch.setattr(arithmetic, "native", lambda: AVX512)
    monkeypatch.setattr(arithmetic, "_answer", lambda code, told: arithmetic.json.dumps(found))
    with pytest.raises(CannotTakeUp, match=words):
        arithmetic.check("nehalem")
    assert arithmetic.main(["nehalem", "--", "true"]) == 1
    assert words in capsys.readouterr().err


def test_what_onednn_says_is_read(monkeypatch):
    said = {"kernels": ["Nehalem"], "loops": [], "cpu": ["SSE42"]}
    monkeypatch.setattr(arithmetic, "native", lambda: AVX512)
    for line, fits in (("Intel SSE4.1", True), ("Intel AVX2", False), ("", False)):
        answers = [arithmetic.json.dumps(said), f"onednn_verbose,v1,info,cpu,isa:{line}\n"]
        monkeypatch.setattr(
            arithmetic, "_answer", lambda code, told, answers=answers: answers.pop(0)
        )
        if fits:
            assert arithmetic.check("nehalem", onednn=True)["onednn"] == line
        else:
            with pytest.raises(CannotTakeUp, match="nehalem: oneDNN says"):
                arithmetic.check("nehalem", onednn=True)


def test_no_setting_of_whoever_calls_is_mixed_in(monkeypatch):
    for name in arithmetic.SWITCHES:
        monkeypatch.setenv(name, "mine")
    assert not set(arithmetic.SWITCHES) & set(arithmetic.environment(NATIVE))
    monkeypatch.setattr(arithmetic, "native", lambda: AVX512)
    assert arithmetic.environment("skylakex")["OPENBLAS_CORETYPE"] == "SkylakeX"
    assert "ONEDNN_MAX_CPU_ISA" not in arithmetic.environment("skylakex")


def test_what_is_run_is_there_and_a_failure_of_one_family_is_the_whole_ones(monkeypatch):
    assert all((portable.ROOT / what).exists() for what in portable.WHAT)
    seen = []

    def run(command, cwd, env):
        seen.append(env["OPENBLAS_CORETYPE"])
        return type("Done", (), {"returncode": int(env["OPENBLAS_CORETYPE"] == "Haswell")})

    monkeypatch.setattr(arithmetic, "native", lambda: AVX512)
    monkeypatch.setattr(portable.subprocess, "run", run)
    assert portable.run(list(FAMILIES), say=lambda *_, **__: None) == ["haswell"]
    assert seen == ["Haswell", "SkylakeX", "Nehalem"]
    monkeypatch.setattr(arithmetic, "taken_up", lambda onednn: list(FAMILIES))
    assert portable.main([]) == 1
    assert portable.main(["nehalem"]) == 0


def test_an_unknown_family_is_refused(capsys):
    with pytest.raises(SystemExit):
        portable.main(["pentium"])
    assert "'pentium' is no family; there are haswell, skylakex, nehalem" in capsys.readouterr().err
