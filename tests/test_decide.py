"""Verdicts on pairs: one table that grows by a row with each fault found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from symgrad.cli import main
from symgrad.compare import equal, line
from symgrad.verdict import Differs, EqualExceptTies, record

CONV = r"\sum_{i=1}^{n}\delta_i x_{i+j-1}"

EQUAL = [
    (CONV, r"\sum_{l=j}^{n+j-1}\delta_{l-j+1}x_l", ""),
    (r"\sum_{i=1}^n\sum_{j=1}^m a_i b_j", r"\sum_{j=1}^m b_j \sum_{i=1}^n a_i", ""),
    (r"\sum_{i=1}^n\sum_{j=1}^m a_i", r"m \sum_{i=1}^n a_i", ""),
    (r"\sum_{i=1}^n\sum_{j=1}^n x_i x_j", r"\left(\sum_{i=1}^n x_i\right)^2", ""),
    (r"\sum_{i=1}^n x_i", r"x_1 + \sum_{i=2}^n x_i", ""),
    (r"\sum_{i=1}^3 x_i", r"x_1 + x_2 + x_3", ""),
    (r"\sum_{i=1}^n x_{n-i+1}", r"\sum_{i=1}^n x_i", ""),
    (r"\sum_{i=1}^n x_{2i} + \sum_{i=1}^n x_{2i-1}", r"\sum_{i=1}^{2n} x_i", ""),
    (r"\sum_{i=1}^n i", r"\frac{n(n+1)}{2}", ""),
    (r"\frac1n \sum_{i=1}^n 1", "1", ""),
    (r"\sum_{i=1}^n (x_i - \frac1n \sum_{k=1}^n x_k)", "0", ""),
    (r"\sum_{t=1}^T a^{T-t} x_t", r"\sum_{k=0}^{T-1} a^k x_{T-k}", ""),
    (r"\prod_{s=t+1}^T a", r"a^{T-t}", r"t = 1, \dots, T"),
    (
        r"\frac{y \sqrt{\sum_{k=1}^p u_k^2}}{\sqrt{\sum_{k=1}^p x_k^2} \sqrt{\sum_{k=1}^p u_k^2}}",
        r"\frac{y}{\sqrt{\sum_{k=1}^p x_k^2}}",
        "",
    ),
    (
        r"\begin{cases} a_T & t = T \\ a_t + g_{t+1} & t < T \end{cases}",
        r"\sum_{k=1}^T g_k [k - 1 = t] + a_t",
        r"t = 1, \dots, T",
    ),
    (
        r"\prod_{j=1, j \ne k}^n x_j",
        r"\sum_{i=1}^n \left(\prod_{j=1, j \ne i}^n x_j\right) [i = k]",
        r"k = 1, \dots, n",
    ),
    (r"\max(a, b, c)", r"\max(\max(c, a), b)", ""),
    (r"|x|", r"\max(x, -x)", ""),
    (r"[a > b][b > c]", r"[a > b][b > c][a > c]", ""),
    (r"\sum_{k=1}^n y_k (p_k - [k = i])", r"\sum_{k=1}^n y_k p_k - y_i", r"i = 1, \dots, n"),
    (r"\sum_{j=1}^n \delta_{ij} x_j", "x_i", r"i = 1, \dots, n"),
    (r"\sigma(x)(1 - \sigma(x))", r"\frac{e^{-x}}{(1 + e^{-x})^2}", ""),
    (r"1 - \tanh(x)^2", r"\frac{1}{\cosh(x)^2}", ""),
    (r"\log \sigma(x)", r"-\log(1 + e^{-x})", ""),
    (r"\sum_{k=1}^n \frac{e^{s_k}}{\sum_{j=1}^n e^{s_j}}", "1", ""),
    (r"\sin(x)^2 + \cos(x)^2", "1", ""),
    (r"\sqrt{x^2 + 1}^2", "x^2 + 1", ""),
    (r"\max_{j=1}^m x_{i+j-1}", r"\max_{k=0}^{m-1} x_{i+k}", ""),
    (r"(\hat y - y) x", r"(w x - y) x", r"\hat y = w x"),
    (r"\frac{\partial L}{\partial w}", r"(w x - y) x", r"L = \tfrac12 (w x - y)^2"),
    (
        r"\frac{\partial L}{\partial z_i}",
        r"\delta_i",
        r"\delta_i = \frac{\partial L}{\partial z_i}, z_i = w x_i, i = 1, \dots, n",
    ),
    (
        r"\sum_{i=\max(1, \lceil \frac{l-m}{s} \rceil + 1)}"
        r"^{\min(n, \lfloor \frac{l-1}{s} \rfloor + 1)} \delta_i k_{l-s(i-1)}",
        r"\sum_{i=1}^n \sum_{j=1}^m \delta_i k_j [l = s(i-1) + j]",
        "",
    ),
    (r"\sum_{i=1}^n\sum_{j=1}^n [i=j] \sqrt{x_i}\sqrt{x_j} y_i", r"\sum_{i=1}^n x_i y_i", ""),
    (r"\mathrm{ReLU}(x y)", r"\max(0, x y)", ""),
    (r"\mathrm{ReLU}(x_{t} + x_{n-t})", r"\max(0, x_{n-t} + x_{t})", ""),
    (r"\sum_{i=1}^m x_3", r"\sum_{i=1}^{\min(m,n)} x_3 + \sum_{i=n+1}^m x_3", ""),
    (r"\sum_{i=1}^m \sigma(x_i)", r"\sum_{i=1}^{m-1} \sigma(x_i) + \sigma(x_m)", ""),
    (r"\sum_{i=1}^m \tanh(x_i)", r"\sum_{i=1}^m (2\sigma(2 x_i) - 1)", ""),
    (r"e^{\frac1n \sum_{i=1}^n c}", "e^c", ""),
    (r"|\frac1m(\sum_{i=1}^{\min(m,n)} x + \sum_{i=n+1}^m x)|", "|x|", ""),
    (r"\sum_{i=1}^n (x_i x_2)^2", r"(x_1 x_2)^2 + \sum_{i=2}^n (x_i x_2)^2", ""),
    (r"[x > 0] x^{-1} x", "[x > 0]", ""),
    (r"e^{y_{2t}/2} e^{\frac12 y_{2t}}", "e^{y_{2t}}", ""),
    (r"e^{y/2} e^{y/3}", "e^{5y/6}", ""),
    (r"e^{x/2} e^{-x/2}", "1", ""),
    (r"(e^{x/2} - 1)(e^{x/2} + 1)", "e^x - 1", ""),
    (r"\sqrt{e^{x_i} e^{y_{2i}}}", "e^{(x_i + y_{2i})/2}", ""),
    (r"\tanh(x/2)", r"2\sigma(x) - 1", ""),
]

LARGE = "e^{100 y} - e^{100 y}"
CANCELLING = [
    (r"\sum_{i=1}^n x_{s(i-1)+1}", rf"\sum_{{i=1}}^n x_{{s(i-1)+1}} + {LARGE}"),
    ("x", f"x + {LARGE}"),
    ("[z > 0] x", f"[z > 0] (x + {LARGE})"),
    (r"\max(a, b)^{1/3}", rf"(\max(a, b) + {LARGE})^{{1/3}}"),
]

DIFFERENT = [
    (
        r"\frac{1}{\sqrt{\sum_{k=1}^p x_k^2} \sqrt{\sum_{k=1}^p u_k^2}}",
        r"\frac{1}{\sqrt{\sum_{k=1}^p x_k^2 u_k^2}}",
        "",
        "",
    ),
    (
        r"\prod_{j=1, j \ne k}^n x_j",
        r"\prod_{j=1, j \ne k+1}^n x_j",
        r"k = 1, \dots, n",
        "",
    ),
    (CONV, r"\sum_{i=1}^{m}\delta_i x_{i+j-1}", "", "upper limit"),
    (CONV, r"\sum_{i=1}^{n}\delta_i x_{i-j+1}", "", "kernel not flipped"),
    (CONV, r"\sum_{i=1}^{n}\delta_i x_{i+j}", "", "index shifted"),
    (CONV, r"\sum_{i=1}^{n} x_{i+j-1}", "", "factor forgotten"),
    (CONV, rf"-{CONV}", "", "sign"),
    (r"\max(a, b, c)", r"\max(a, b)\max(a, c)", "", ""),
    (r"\max(a, b)", r"\min(a, b)", "", "max and min exchanged"),
    (r"(\hat y - y) x", r"\hat y - y x", "", "bracket lost"),
    (r"\tfrac12 (y - a)^2", r"\tfrac12 y - y a + \tfrac12 a^2", "", ""),
    ("p_k - [y = k]", "p_k", "", "path forgotten"),
    (r"\sum_{i=1}^n [y_i = k] x_i", "0", "", ""),
    ("[a = b]", "0", "", ""),
    (r"\delta_1[z_2>z_1] + \delta_2[z_2>z_3]", r"\delta_1[z_2>z_1]", "", "path forgotten"),
    (
        r"\sum_{i=1}^n \delta_i k_{l-i+1}",
        r"\sum_{i=1}^n \delta_i k_{i-l+1}",
        "",
        "kernel not flipped",
    ),
    (r"\frac{1}{n-1}\sum_{i=1}^n x_i", r"\frac1n\sum_{i=1}^n x_i", "", ""),
    ("x_i", "x_j", "", ""),
    ("x", "y", "", ""),
    (r"\sum_{i=1}^n\delta_i x_{s(i-1)+j}", CONV, "", ""),
    (r"\delta [z > 0]", r"\delta [z < 0]", "", "indicator reversed"),
    (r"\delta [z > 0]", r"\delta", "", "indicator lost"),
    ("e^{13}", "e^{14}", "", ""),
    (r"\sum_{i=1}^n x_i + [n = 17] y", r"\sum_{i=1}^n x_i", "", "path forgotten"),
    (r"x_t [t < 40]", "x_t", "", "indicator lost"),
    (r"\sum_{i=1}^n x_{s(i-1)+1} + [s = 5]", r"\sum_{i=1}^n x_{s(i-1)+1}", "", "path forgotten"),
    (r"5[a=b] + [a \ne b] (a-b)^{-1}", r"[a \ne b] (a-b)^{-1}", "", "path forgotten"),
    (r"5[i=j] + [i \ne j](x_i-x_j)^{-1}", r"[i\ne j](x_i-x_j)^{-1}", "", "path forgotten"),
    (r"\max(\sum_{i=1}^n x_i, 0)", r"\sum_{i=1}^n \max(x_i, 0)", "", ""),
    (r"\sum_{i=1}^n\sum_{j=1}^n [x_i \ge x_j]", r"\sum_{i=1}^n\sum_{j=1}^n [x_i > x_j]", "", ""),
    (r"[x_{y_i} \ge x_{y_j}]", r"[x_{y_i} > x_{y_j}]", "", ""),
    (r"[h \ge 0]", "[h > 0]", r"h = \max(0, x)", ""),
    (r"[\max(0, x) \ge 0]", r"[\max(0, x) > 0]", "", ""),
    (r"[\sqrt{x^2} \ge x]", r"[\sqrt{x^2} > x]", "", ""),
    (r"[e^{\log x} \ge x]", r"[e^{\log x} > x]", "", ""),
    (r"[y = 1][y \ge 1]", r"[y = 1][y > 1]", r"y = 1, \dots, n", ""),
]

TIED = [
    (
        r"\delta_1 \mathbf 1[z_1 > 0] \mathbf 1[z_1 > z_2]",
        r"\delta_1 I_{z_1 \ge 0} I_{z_1 \ge z_2}",
        {"z_1 = 0", "z_1 = z_2"},
    ),
    (r"\sum_{i=1}^n \delta_i [z_i > 0]", r"\sum_{i=1}^n \delta_i [z_i \ge 0]", {"z_i = 0"}),
    (r"\delta [z > 0]", r"\delta ([z > 0] + \frac12 [z = 0])", {"z = 0"}),
]

NOT_TIES = [
    # at i = j the two sides are one number, whatever the values are
    (
        r"\sum_{i=1}^n \sum_{j=1}^n [x_i y_j > x_j y_i]",
        r"\sum_{i=1}^n \sum_{j=1}^n [x_i y_j \ge x_j y_i]",
    ),
    (r"\sum_{j=1}^n [x_i > x_j]", r"\sum_{j=1}^n [x_i \ge x_j]"),
]

INVALID = [
    (r"\sum_{i=1}^{i} x_i", "x_1", "found the limit i of a sum over i, expected one without i"),
    ("x_{i^2}", "x_i", "found the subscript i^2 of x_{i^2}"),
    ("x_i + x", "x", "found x_i and x, expected x with one number of indices"),
    (r"\sum_{i=3}^{1} x_i", "0", "found the empty range i = 3, …, 1"),
    (r"\sum_i x_i", "x_1", "found a sum over i without a range, expected its limits"),
    ("x = y", "x", "found a statement, expected one formula without ="),
    ("", "x", "found nothing, expected one formula without ="),
    (r"\foo", "x", r"found \foo"),
    ("f(x) + f(y)", "f(x + y)", "found f before a parenthesis, a function that nothing defines"),
    (r"\frac{a}{b", "x", "found"),
]


@pytest.mark.parametrize(("a", "b", "given"), EQUAL)
def test_equal_pairs_are_proved(a: str, b: str, given: str) -> None:
    for left, right in ((a, b), (b, a)):
        verdict = equal(left, right, given)
        assert verdict.name == "Equal", verdict


@pytest.mark.parametrize(("a", "b"), CANCELLING)
def test_digits_that_cancel_are_no_difference(a: str, b: str) -> None:
    assert equal(a, b).name in ("Equal", "Agrees", "Undecided")


@pytest.mark.parametrize(("a", "b", "given", "slip"), DIFFERENT)
def test_different_pairs_have_a_counterexample(a: str, b: str, given: str, slip: str) -> None:
    verdict = equal(a, b, given)
    assert isinstance(verdict, Differs), verdict
    assert verdict.counterexample.left != verdict.counterexample.right
    assert verdict.slip == slip


@pytest.mark.parametrize(("a", "b", "ties"), TIED)
def test_ties_are_named(a: str, b: str, ties: set[str]) -> None:
    verdict = equal(a, b)
    assert isinstance(verdict, EqualExceptTies), verdict
    assert set(verdict.ties) == ties
    assert verdict.at is not None
    assert verdict.at.left != verdict.at.right


@pytest.mark.parametrize(("a", "b"), NOT_TIES)
def test_what_ties_for_all_values_is_no_tie(a: str, b: str) -> None:
    given = r"i = 1, \dots, n" if "sum_{i" not in a else ""
    assert equal(a, b, given).name == "Differs"


@pytest.mark.parametrize(("a", "b", "message"), INVALID)
def test_what_cannot_be_compared_is_invalid(a: str, b: str, message: str) -> None:
    verdict = equal(a, b)
    assert verdict.name == "Invalid", verdict
    assert message in verdict.message


def test_a_wrong_upper_limit_is_named_with_the_smallest_sizes() -> None:
    verdict = equal(CONV, r"\sum_{i=1}^{m}\delta_i x_{i+j-1}")
    assert isinstance(verdict, Differs)
    assert {k: verdict.counterexample.sizes[k] for k in "nm"} == {"n": 2, "m": 1}
    assert verdict.missing == r"\delta_2 x_{j+1}"


def test_a_batch_answers_each_line_in_order() -> None:
    bad = line(b'{"id": 7, "a": "x"}')
    assert (bad["id"], bad["verdict"]) == (7, "Invalid")
    assert bad["message"].startswith("found no b, expected {")
    for raw, found in (
        (b"\xff", "found a line that is no JSON in UTF-8"),
        (b"nonsense", "found a line that is no JSON in UTF-8"),
        (b"[1]", "found no object, expected {"),
        (b'{"a": 1, "b": "x"}', "found a that is no text, expected {"),
    ):
        told = line(raw)
        assert told["verdict"] == "Invalid"
        assert told["message"].startswith(found)
    good = line(json.dumps({"id": "q", "a": "x+y", "b": "y+x"}).encode())
    assert (good["id"], good["verdict"], good["by"]) == ("q", "Equal", "normal form")


def test_the_command_prints_what_was_read_and_exits_by_the_verdict(tmp_path: Path) -> None:
    run = CliRunner().invoke
    same = run(main, ["equal", "x + y", "y + x"])
    assert (same.exit_code, same.output.splitlines()[0]) == (0, "a = x + y")
    assert run(main, ["equal", "x", "y"]).exit_code == 1
    assert run(main, ["equal", "x_i^", "y"]).exit_code == 2
    shown = json.loads(run(main, ["equal", "x", "y", "--json"]).output)
    assert shown["counterexample"] == {
        "sizes": {}, "values": {"x": "2", "y": "3"}, "a": "2", "b": "3"
    }  # fmt: skip
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"id": 1, "a": "x", "b": "x"}\n\nnonsense\n', encoding="utf-8")
    lines = run(main, ["equal", "--batch", str(pairs)]).output.splitlines()
    assert [json.loads(t)["verdict"] for t in lines] == ["Equal", "Invalid"]


def test_verdicts_do_not_depend_on_the_hash_seed() -> None:
    code = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); import test_decide as t\n"
        "pairs = [p[:3] for p in t.EQUAL[:6]] + [(a, b, '') for a, b, *_ in t.DIFFERENT[:8] + t.TIED]"
        "\nprint(json.dumps([t.record(t.equal(*p)) for p in pairs], sort_keys=True))"
    )
    seen = set()
    for seed in "017":
        env = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parent)],
            env=env, capture_output=True, text=True, check=True,
        )  # fmt: skip
        seen.add(done.stdout)
    assert len(seen) == 1
    assert record(equal("x", "x"))["verdict"] == "Equal"


def test_a_counterexample_has_small_numbers() -> None:
    found = equal(r"[x_i \ge x_j]", "[x_i > x_j]")
    assert isinstance(found, Differs)
    assert list(found.counterexample.values.values()) == [2]


def test_a_missing_term_is_written_with_powers() -> None:
    found = equal("x^2 + y", "y")
    assert isinstance(found, Differs)
    assert found.missing == "x^2"


def test_a_tie_that_is_always_there_hides_no_difference() -> None:
    # min(y_0, y_0) ties at every point; the brackets differ where t or i is small alone
    found = equal(
        r"\sum_{i=0}^{n-1} \min(y_i, y_{2i}) + b [t + 2 < 1]",
        r"(\sum_{i=0}^{n-1} \min(y_i, y_{2i})) + b [s + 2 < 1]",
        given=r"n \ge 1",
    )
    assert isinstance(found, Differs)
    assert all(abs(v) < 20 and v.denominator == 1 for v in found.counterexample.values.values())
