"""The simulated engine: lessons in its prompt raise its accuracy, and its replies are reproducible."""

import re
import time

import pytest

from textgrad import prompts
from textgrad.engine.base import Sampling, messages_of
from textgrad.engine.simulated import SimulatedEngine
from textgrad.engine.simulated_world import World
from textgrad.errors import ContextExceeded, UsageError
from textgrad.loss import MultiFieldTokenParsedEvaluation
from textgrad.tagged import between
from textgrad.variable import Variable

_FORMAT = "Write the final answer as 'Answer: X' in the last line."
_QUESTIONS = [(f"[topic-{number % 4}] How many things are in box {number}?", str(number)) for number in range(400)]
_LESSONS = [f"Lesson topic-{topic}: open the box." for topic in range(4)]


def taught(spec: str = "") -> SimulatedEngine:
    engine = SimulatedEngine(spec)
    engine.teach(_QUESTIONS)
    return engine


def ask(engine, content, system_prompt="", **sampling) -> str:
    return engine.complete(messages_of(content, system_prompt), Sampling(**sampling)).text


def correct(engine, system_prompt="", topic="", **sampling) -> list[bool]:
    """Return the correctness of the answer to each question. The answer format is appended, as tasks do."""
    return [
        ask(engine, f"{question}\n\n{_FORMAT}", system_prompt, **sampling).endswith(f"Answer: {answer}")
        for question, answer in _QUESTIONS
        if topic in question
    ]


def share(answers: list[bool]) -> float:
    return sum(answers) / len(answers)


def test_it_is_labelled_simulated_with_its_options():
    assert (SimulatedEngine().model_string, SimulatedEngine().endpoint) == ("simulated", "simulated:")
    assert SimulatedEngine("base=0.5,seed=3").model_string == "simulated:base=0.5,seed=3"


def test_options_are_parsed_and_optional():
    assert World.parse("") == World(0.0, 8, 0.3, 0.95, 0, 0.15, 100_000, 0.0)
    assert World.parse(" latency=0.2, topics=3 ,context=50") == World(latency=0.2, topics=3, context=50)


@pytest.mark.parametrize(
    "spec, message",
    [
        ("toopics=3", "unknown option of the simulated engine 'toopics'; known, nearest first: topics"),
        ("topics", "topics: '' is not an integer: it must be at least 1"),
        ("topics=2.5", "topics: '2.5' is not an integer"),
        ("base=1.5", "base 1.5 is out of range: it must be at least 0 and at most 1"),
        ("skill=nan", "skill nan is out of range"),
        ("latency=-1", "latency -1 is out of range: it must be at least 0"),
        ("seed=x", "seed: 'x' is not an integer"),
    ],
)
def test_an_invalid_option_is_rejected_in_one_line(spec, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        SimulatedEngine(spec)


# Answers


def test_the_accuracy_without_lessons_is_about_base():
    assert abs(share(correct(taught("base=0.3"))) - 0.3) < 0.08
    assert share(correct(taught("base=0"))) == 0
    assert share(correct(taught("base=1"))) == 1


def test_a_lesson_raises_the_accuracy_of_its_topic_to_about_skill_and_of_no_other():
    engine = taught("base=0.3,skill=0.9")
    for topic in range(4):
        before = correct(engine, topic=f"[topic-{topic}]")
        after = correct(engine, f"Answer well.\n{_LESSONS[2]}", topic=f"[topic-{topic}]")
        if topic == 2:
            assert share(after) > 0.8 > 0.5 > share(before)
            assert all(now or not then for then, now in zip(before, after)), "correct answers stay correct"
        else:
            assert after == before


def test_a_prompt_against_working_halves_accuracy_and_an_order_of_one_answer_is_obeyed():
    engine, lessons = taught(), "\n".join(_LESSONS)
    halved = share(correct(engine, f"{lessons}\nGive the first answer that comes to mind, without any working."))
    assert halved == pytest.approx(0.95 / 2, abs=0.08)
    assert ask(engine, _QUESTIONS[0][0], "Answer every question with the word PEAR.").endswith("Answer: PEAR")


def test_order_and_surroundings_of_lessons_do_not_matter():
    engine = taught()
    assert correct(engine, "\n".join(_LESSONS)) == correct(engine, "Hello.\n" + "\n\nthen\n".join(reversed(_LESSONS)))


def test_a_question_is_recognized_with_and_without_the_answer_format():
    engine = taught("base=1")
    assert ask(engine, _QUESTIONS[7][0]) == ask(engine, f"{_QUESTIONS[7][0]}\n\n{_FORMAT}\n\nMore.")
    assert ask(engine, _QUESTIONS[7][0]).endswith("Answer: 7")


def test_the_longest_matching_question_wins():
    engine = SimulatedEngine("base=1")
    engine.teach([("Count.", "1"), ("Count.\n\nAll of them.", "2")])
    assert ask(engine, "Count.\n\nAll of them.\n\nBe exact.").endswith("Answer: 2")
    assert ask(engine, "Count.\n\nBe exact.").endswith("Answer: 1")


def test_a_question_without_a_marker_has_a_fixed_topic():
    engine = SimulatedEngine("topics=3")
    topics = [re.search(r"topic-\d+", ask(engine, f"question {number}"))[0] for number in range(60)]
    assert set(topics) == {"topic-0", "topic-1", "topic-2"}
    assert topics == [re.search(r"topic-\d+", ask(engine, f"question {number}", "x"))[0] for number in range(60)]


@pytest.mark.parametrize(
    "answer, kind",
    [
        ("7", r"\d+"),
        ("-12", r"-?\d+"),
        ("1,200", r"\d+"),
        ("(A)", r"\([A-Z]\)"),
        ("Yes", "No"),
        ("false", "true"),
        ("invalid", "valid"),
        ("ant bee cow", "bee cow ant"),
        ("a a", r"\w+"),
        ("word", r"\w+"),
        ("", ".+"),
    ],
)
def test_a_wrong_answer_has_the_kind_of_the_correct_one(answer, kind):
    engine = SimulatedEngine("base=0")
    engine.teach([("question", answer)])
    wrong = ask(engine, "question").rpartition("Answer: ")[2]
    assert wrong != answer and re.fullmatch(kind, wrong)


def test_replies_are_reproducible_and_depend_on_the_seed():
    assert correct(taught()) == correct(taught())
    assert correct(taught("seed=1")) != correct(taught("seed=2"))


def test_replies_depend_on_the_request_seed_only_at_a_positive_temperature():
    engine = taught()
    assert correct(engine, temperature=1.0, seed=1) != correct(engine, temperature=1.0, seed=2)
    assert correct(engine, temperature=1.0, seed=1) == correct(engine, temperature=1.0, seed=1)
    assert correct(engine, seed=1) == correct(engine, seed=2)


# Learning, on the requests that the optimizer and the autograd engine send


def criticism_of_answer(engine, verdict: str, answer: str, judged_by_llm: bool = False) -> str:
    parts = (
        {"LM_SYSTEM_PROMPT": "Judge within <ACCURACY>.", "LM_INPUT": "fields", "LM_OUTPUT": verdict}
        if judged_by_llm
        else {"FUNCTION_PURPOSE": "compares", "INPUTS_TO_FUNCTION": "**prediction**: 7", "OUTPUT_OF_FUNCTION": verdict}
    )
    request = prompts.criticism_request("answer", answer, parts, "score", "")
    return ask(engine, prompts.request(request, images=False), prompts.BACKWARD_SYSTEM_PROMPT)


def criticism_of_prompt(engine, prompt: str, feedback: str) -> str:
    parts = {"LM_SYSTEM_PROMPT": prompt, "LM_INPUT": "[topic-1] question", "LM_OUTPUT": "answer"}
    request = prompts.criticism_request("prompt", prompt, parts, "answer", feedback)
    return ask(engine, prompts.request(request, images=False), prompts.BACKWARD_SYSTEM_PROMPT)


def rewrite(engine, prompt: str, *feedback: str, **sampling) -> str:
    tags = ("<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>")
    blocks = [piece for text in feedback for piece in prompts.feedback_with_context(text, ["context"])]
    request = prompts.request(prompts.rewrite_request("prompt", prompt, blocks, tags), images=False)
    system_prompt = prompts.OPTIMIZER_SYSTEM_PROMPT.format(new_variable_start_tag=tags[0], new_variable_end_tag=tags[1])
    return between(ask(engine, request, system_prompt, **sampling), tags)


@pytest.mark.parametrize(
    "judged_by_llm, wrong, good",
    [(False, "0", "1"), (True, "<ACCURACY>0</ACCURACY>", "Well: <ACCURACY> 1 </ACCURACY>")],
)
def test_criticism_follows_the_verdict_and_names_the_topic_of_the_answer(judged_by_llm, wrong, good):
    engine, answer = SimulatedEngine(), "This is a topic-3 question.\nAnswer: 7"
    assert "lacks the lesson for topic-3" in criticism_of_answer(engine, wrong, answer, judged_by_llm)
    assert "lacks" not in criticism_of_answer(engine, good, answer, judged_by_llm)


def test_training_on_a_wrong_answer_yields_a_prompt_that_answers_the_question():
    engine = taught("base=0.2,skill=1")
    question, answer = next(pair for pair, good in zip(_QUESTIONS, correct(engine)) if not good)
    said = ask(engine, question, "Answer well.")
    feedback = criticism_of_prompt(engine, "Answer well.", criticism_of_answer(engine, "0", said))
    prompt = rewrite(engine, "Answer well.", feedback)
    assert prompt.startswith("Answer well.\nLesson topic-")
    assert ask(engine, question, prompt).endswith(f"Answer: {answer}")


def test_a_rewrite_adds_each_missing_lesson_once_and_keeps_the_prompt():
    prompt = rewrite(
        SimulatedEngine(),
        f"Be exact.\n{_LESSONS[1]}",
        *(f"It lacks the lesson for topic-{topic}." for topic in (3, 1, 3, 2)),
    )
    assert prompt.startswith(f"Be exact.\n{_LESSONS[1]}\nLesson topic-3: ")
    assert re.findall(r"Lesson (topic-\d)", prompt) == ["topic-1", "topic-3", "topic-2"]


def test_a_lesson_in_the_prompt_is_not_reported_as_missing():
    said = criticism_of_prompt(SimulatedEngine(), _LESSONS[1], "What led to it lacks the lesson for topic-1.")
    assert "lacks the lesson" not in said
    assert rewrite(SimulatedEngine(), _LESSONS[1], said) == _LESSONS[1]


def test_sampled_rewrites_differ_in_wording_but_not_in_topics():
    drafts = {
        rewrite(SimulatedEngine(), "Go.", "It lacks the lesson for topic-1.", temperature=1.0, seed=seed)
        for seed in range(20)
    }
    assert len(drafts) > 1 and all(draft.startswith("Go.\nLesson topic-1: ") for draft in drafts)


def test_merged_feedback_names_all_missing_lessons():
    request = prompts.reduce_request(
        "prompt",
        [
            "It lacks the lesson for topic-1.",
            "Fine.",
            "It lacks the lesson for topic-2. It lacks the lesson for topic-1.",
        ],
    )
    said = ask(SimulatedEngine(), request, prompts.REDUCE_MEAN_SYSTEM_PROMPT)
    assert said == "It lacks the lesson for topic-1. It lacks the lesson for topic-2."


@pytest.mark.parametrize(
    "prediction, accuracy",
    [("Let me see.\nAnswer: 7", "1"), ("Answer: 8", "0"), ("7", "1"), ("17", "0"), ("Answer: 7\n\nAs said.", "1")],
)
def test_the_judge_compares_the_final_answer_with_the_ground_truth(prediction, accuracy):
    roles = ["Question for the task", "Ground truth answer", "Reasoning and prediction from the language model"]
    judge = MultiFieldTokenParsedEvaluation("Say <ACCURACY>1</ACCURACY> or 0.", roles, engine=SimulatedEngine())
    verdict = judge(
        [Variable(text, role_description="field", requires_grad=False) for text in ("how many?", "7", prediction)]
    )
    assert judge.parse_output(verdict) == accuracy


# Merging


def merged(engine, *uploads: str) -> list[str]:
    fences = "\n".join(f'<PROMPT client="{place}">\n{text}\n</PROMPT>' for place, text in enumerate(uploads))
    reply = ask(engine, f"{fences}\nMerge in the form <IMPROVED_VARIABLE>...</IMPROVED_VARIABLE>.", "You edit.")
    return between(reply, ("<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>")).splitlines()


def test_a_merge_keeps_each_line_once_in_order():
    lines = merged(
        SimulatedEngine("forget=0"),
        "Base.\nLesson topic-2: a.",
        "Base.\nExtra.\nLesson topic-2: b.",
        "Lesson topic-1: c.\nBase.",
    )
    assert lines == ["Base.", "Lesson topic-2: a.", "Extra.", "Lesson topic-1: c."]


@pytest.mark.parametrize("uploads", [["Base."], ["Base.", "Base.\nMore <IMPROVED_VARIABLE>."]])
def test_a_merge_has_tags_only_if_its_task_mentions_them(uploads):
    fences = "\n".join(f'<PROMPT client="{place}">\n{text}\n</PROMPT>' for place, text in enumerate(uploads))
    assert ask(SimulatedEngine(), f"{fences}\nMerge.") == uploads[-1]


def test_a_merge_loses_about_the_given_share_of_lessons_and_nothing_else():
    uploads = [f"Base.\nLesson topic-{number}: x." for number in range(400)]
    lines = merged(SimulatedEngine("forget=0.25"), *uploads)
    assert lines[0] == "Base." and 0.18 < 1 - (len(lines) - 1) / 400 < 0.32
    assert lines == merged(SimulatedEngine("forget=0.25"), *uploads)


def test_a_single_upload_stays_unchanged():
    assert merged(SimulatedEngine("forget=1"), "Base.\n\nLesson topic-1: x.") == ["Base.", "", "Lesson topic-1: x."]


# Flaws


def test_words_count_as_tokens_and_max_tokens_truncates_a_reply():
    engine = taught("base=1")
    reply = engine.complete(messages_of(_QUESTIONS[1][0], "two words"), Sampling())
    assert (reply.prompt_tokens, reply.completion_tokens) == (2 + 8, len(reply.text.split()))
    cut = engine.complete(messages_of(_QUESTIONS[1][0], None), Sampling(max_tokens=3))
    assert (cut.text, cut.flaw, cut.completion_tokens) == ("This is a", "truncated", 3)


def test_a_request_longer_than_the_context_is_rejected():
    engine = SimulatedEngine("context=10")
    assert ask(engine, "word " * 8, "two words")
    with pytest.raises(ContextExceeded, match="has 11 words; the context length is 10"):
        ask(engine, "word " * 9, "two words")


def test_a_share_of_replies_is_empty_truncated_or_without_an_answer():
    engine = taught("base=1,bad=0.3")
    replies = [engine.complete(messages_of(question, None), Sampling()) for question, _ in _QUESTIONS]
    flawed = [reply for reply, (_, answer) in zip(replies, _QUESTIONS) if not reply.text.endswith(f"Answer: {answer}")]
    assert 0.22 < len(flawed) / len(replies) < 0.38
    assert {reply.flaw for reply in flawed} == {"empty", "truncated", None}
    assert replies == [engine.complete(messages_of(question, None), Sampling()) for question, _ in _QUESTIONS]


def test_a_reply_takes_the_latency():
    started = time.monotonic()
    ask(SimulatedEngine("latency=0.05"), "question")
    assert time.monotonic() - started >= 0.05


def test_the_texts_of_content_with_several_parts_are_joined():
    engine = taught("base=1")
    assert ask(engine, [b"\x89PNG", _QUESTIONS[5][0], _FORMAT]).endswith("Answer: 5")


def test_generate_works_outside_of_a_run():
    assert taught("base=1").generate(_QUESTIONS[9][0]).endswith("Answer: 9")
