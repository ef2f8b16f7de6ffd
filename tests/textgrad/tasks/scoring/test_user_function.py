"""A user's own metric."""

import pytest

from textgrad.errors import BrokenSystem, UsageError
from textgrad.tasks.scoring.scorer import Grade
from textgrad.tasks.scoring.user_function import UserFunction, is_function


@pytest.fixture
def metric(tmp_path):
    def make(source, function="score"):
        (tmp_path / "metric.py").write_text(source)
        return UserFunction(f"{tmp_path / 'metric.py'}:{function}")

    return make


def test_only_a_file_with_a_function_is_a_metric():
    assert is_function("metric.py:score") and is_function("C:\\data\\metric.py:score") and is_function("metric.py")
    assert not any(map(is_function, (None, "", "exact", "judge")))


@pytest.mark.parametrize(
    "source, grade",
    [
        ("def score(question, prediction, answer): return [question, prediction, answer] == ['q', 'p', 'a']", (1, "")),
        ("def score(prediction, answer): return [prediction, answer] == ['p', 'a']", (1, "")),
        ("def score(prediction, answer, strict=False): return int(strict)", (0, "")),
        ("def score(prediction, answer, **options): return 0.25, ' half of a half\\r\\n'", (0.25, "half of a half")),
        ("import numpy\ndef score(prediction, answer): return numpy.float32(0.5)", (0.5, "")),
        ("import numpy\ndef score(prediction, answer): return numpy.bool_(True), ''", (1, "")),
        ("class Metric:\n  def __call__(self, prediction, answer): return 1\nscore = Metric()", (1, "")),
        (
            "from dataclasses import dataclass\n@dataclass\nclass A:\n  a: 'int'\ndef score(p, a): return A(1).a",
            (1, ""),
        ),
    ],
)
def test_a_metric_returns_a_score_or_a_score_with_feedback(metric, source, grade):
    assert metric(source)("q", "p", "a") == Grade(*grade)


def test_a_metric_without_a_question_gets_an_empty_text(metric):
    assert metric("def score(question, prediction, answer): return question == ''")(None, "p", "a").score == 1


@pytest.mark.parametrize(
    "returned", ["2", "-0.1", "float('nan')", "None", "'1'", "(1, 2)", "(1, 'a', 'b')", "[1, 'a']", "1j", "'a\\nb'"]
)
def test_another_value_stops_the_run_and_is_named_in_one_line(metric, returned):
    with pytest.raises(BrokenSystem, match="metric.py:score returned .*expected a score from 0 to 1") as error:
        metric(f"def score(prediction, answer): return {returned}")("q", "p", "a")
    assert "\n" not in str(error.value)
    assert repr(eval(returned)).replace("\n", " ") in str(error.value)


@pytest.mark.parametrize(
    "line, cause", [("return 1 / 0", "ZeroDivisionError: division by zero"), ("raise SystemExit(3)", "SystemExit: 3")]
)
def test_a_metric_that_fails_stops_the_run_with_its_cause_and_line(metric, line, cause):
    with pytest.raises(BrokenSystem, match=rf"metric.py:score failed: {cause} \(line 3\)"):
        metric(f"def score(prediction, answer):\n    x = 1\n    {line}")("q", "p", "a")


@pytest.mark.parametrize(
    "source, function, cause",
    [
        ("x = 1", "score", "metric.py:score has no such function"),
        ("score = 1", "score", "metric.py:score is int, not a function"),
        ("\nimport no_such_package", "score", "ModuleNotFoundError: No module named 'no_such_package' .line 2"),
        ("def score(:", "score", "SyntaxError"),
        ("raise SystemExit", "score", "SystemExit"),
        ("def score(answer): pass", "score", "takes .answer.: it must take"),
        ("def score(a, b, c, d): pass", "score", "takes .a, b, c, d.: it must take"),
        ("def score(*texts): pass", "score", "it must take"),
        ("def score(a, b, *, c): pass", "score", "it must take"),
        ("score = max", "score", "it must take"),
    ],
)
def test_an_unusable_file_is_a_wrong_option(metric, source, function, cause):
    with pytest.raises(UsageError, match=cause) as error:
        metric(source, function)
    assert "\n" not in str(error.value) and "--scorer" in str(error.value)


@pytest.mark.parametrize(
    "scorer, cause",
    [
        ("no.py:score", "cannot read --scorer .*No such file"),
        ("metric.txt:score", "file.py:function"),
        ("metric.py", "file.py:function"),
        ("metric.py:", "file.py:function"),
        (".py:score", "file.py:function"),
    ],
)
def test_a_wrong_name_is_a_wrong_option(tmp_path, monkeypatch, scorer, cause):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=cause):
        UserFunction(scorer)


def test_a_file_is_run_once_and_leaves_no_other_files(metric, tmp_path):
    source = f"open({str(tmp_path / 'runs')!r}, 'a').write('x')\ndef score(p, a): return 1\ndef other(p, a): return 0"
    first, second, other = metric(source), metric(source), metric(source, "other")
    assert (first("q", "p", "a").score, other("q", "p", "a").score) == (1, 0)
    assert (tmp_path / "runs").read_text() == "x"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["metric.py", "runs"]
    changed = metric(source.replace("return 1", "return 0"))
    assert changed("q", "p", "a").score == 0 and second("q", "p", "a").score == 1
    assert changed.fingerprint != first.fingerprint == other.fingerprint
