"""A deterministic stand-in for a language model, for tests, demos and benchmarks. It needs no network.

Each question belongs to a topic. A line "Lesson topic-3: ..." in the system prompt raises the accuracy on questions of
topic 3. As evaluation engine, it finds the missing lessons, adds them to a prompt, and merges prompts, which loses some
lessons. It obeys a prompt that orders one answer for every question, and a prompt against any working halves its
accuracy. A run can therefore be compared with a known truth. All its results are labelled "simulated".
"""

import re
import time
from collections.abc import Iterable, Sequence
from typing import Any

from textgrad.engine.base import ChatEngine, Reply, Sampling
from textgrad.engine.kind import EngineKind
from textgrad.engine.simulated_world import World, chance, wrong_answer
from textgrad.errors import ContextExceeded

_TOPIC = re.compile(r"topic-\d+")
_MARKER = re.compile(r"\[(topic-\d+)\]")
_LESSON = re.compile(r"Lesson (topic-\d+):")
_ONE_ANSWER = re.compile(r"Answer every question with the word (\w+)")
_NO_WORKING = "without any working"
_MISSING = re.compile(r"lacks the lesson for (topic-\d+)")
_FIXED_FEEDBACK = re.compile(r"The right answer is .*; the reply", re.DOTALL)
_UPLOAD = re.compile(r'<PROMPT client="[^"]*">\n(.*?)\n</PROMPT>', re.DOTALL)
_EXAMPLES = re.compile(r"<EXAMPLES>\n(.*?)\n</EXAMPLES>", re.DOTALL)
_FIELD = re.compile(r"\*\*([^*\n]+)\*\*:(.*?)(?=\n\*\*[^*\n]+\*\*:|\Z)", re.DOTALL)
_FINAL_ANSWER = re.compile(r".*Answer:\s*(.+?)\s*(?:\n\n|\Z)", re.DOTALL)
_GRADE = re.compile(r"Score: (\S+) \(from 0 to 1\)")
_TRUTH = re.compile(r"truth|true|correct|right|reference|expected", re.IGNORECASE)
_PREDICTION = re.compile(r"predict|response|model", re.IGNORECASE)
_WAYS = ("work in small steps", "list what is given first", "check the result backwards", "say each case aloud")


class SimulatedEngine(ChatEngine):
    """The simulated engine; see the module.

    Args:
        spec: options of `World` as "name=value", separated by commas.

    Raises:
        UsageError: see `World.parse`.
    """

    endpoint = "simulated:"
    is_multimodal = True

    def __init__(self, spec: str = ""):
        self.world = World.parse(spec)
        self.model_string = f"simulated:{spec}" if spec else "simulated"
        self._answers: dict[str, str] = {}

    def teach(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Register the correct answers, which the engine cannot compute.

        Args:
            pairs: questions of the data set and their answers. A request may append paragraphs to a question, such as
                the answer format.
        """
        self._answers.update((question.strip(), str(answer).strip()) for question, answer in pairs)

    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """Return the reply. Words count as tokens.

        Raises:
            ContextExceeded: the request has more words than the context.
        """
        system = next((_text(message) for message in messages if message["role"] == "system"), "")
        content = next(_text(message) for message in messages if message["role"] == "user")
        length = len(system.split()) + len(content.split())
        if length > self.world.context:
            raise ContextExceeded(f"the request has {length} words; the context length is {self.world.context}")
        if self.world.latency:
            time.sleep(self.world.latency)
        draw = sampling.seed if sampling.temperature > 0 else None
        text, finish_reason = self._with_flaws(system, content, draw, self._reply(system, content, draw))
        words = text.split()
        if len(words) > sampling.max_tokens:
            words, finish_reason = words[: sampling.max_tokens], "length"
            text = " ".join(words)
        return Reply(text, finish_reason, length, len(words))

    def _reply(self, system: str, content: str, draw: int | None) -> str:
        """Return a flawless reply. System prompt and tags determine the kind of request."""
        if system.startswith("You are the critic"):
            return _criticism_of_prompt(content) if "<FEEDBACK>" in content else _criticism_of_answer(content)
        if system.startswith("You are the editor"):
            return _rewrite(content, draw)
        if system.startswith("You edit a prompt"):
            return "\n".join(f"ADD: {lesson}" for lesson in _lessons(content, draw))
        if system.startswith("You say in a few words what texts are about"):
            return _subjects(content)
        if system.startswith("You remove private text"):
            return _improved(_without_private(content))
        if system.startswith("You merge feedback"):
            return _missing_lessons(content)
        if "<PROMPT client=" in content:
            return self._merge(content, draw)
        if "<ACCURACY>" in content or "<ACCURACY>" in system:
            return _verdict(content)
        return self._answer(system, content, draw)

    def _answer(self, system: str, content: str, draw: int | None) -> str:
        """Answer a question, correctly or not by the lessons in the prompt and, if sampled, the seed `draw`."""
        question = self._known_question(content)
        marker = _MARKER.search(question)
        topic = marker[1] if marker else f"topic-{int(chance('topic', question) * self.world.topics)}"
        share = max(self.world.base, self.world.skill if f"Lesson {topic}:" in system else 0)
        share /= 2 if _NO_WORKING in system else 1
        answer = self._answers.get(question, "unknown")
        if order := _ONE_ANSWER.search(system):
            answer = order[1]
        elif chance("answer", self.world.seed, draw, question) >= share:
            answer = wrong_answer(answer, chance("wrong", self.world.seed, draw, question))
        return f"This is a {topic} question. I went through it step by step.\nAnswer: {answer}"

    def _known_question(self, content: str) -> str:
        """Return the longest registered question that starts the content, by paragraphs; all of the content if none."""
        content = question = content.strip()
        while question not in self._answers:
            question, paragraphs, _ = question.rpartition("\n\n")
            if not paragraphs:
                return content
            question = question.rstrip()
        return question

    def _merge(self, content: str, draw: int | None) -> str:
        """Merge the uploads: each distinct line once, without some of the lessons. A single upload stays unchanged.

        The reply has tags if the request mentions them.
        """
        form = _improved if "IMPROVED_VARIABLE" in content.rpartition("</PROMPT>")[2] else str
        uploads = _UPLOAD.findall(content)
        if len(uploads) == 1:
            return form(uploads[0])
        kept: dict[str, str] = {}
        for line in "\n".join(uploads).splitlines():
            lesson = _LESSON.match(line)
            if line.strip():
                kept.setdefault(lesson[1] if lesson else line.strip(), line)
        request = chance(content, draw)
        return form(
            "\n".join(
                line
                for key, line in kept.items()
                if not _TOPIC.fullmatch(key) or chance("forget", self.world.seed, request, key) >= self.world.forget
            )
        )

    def _with_flaws(self, system: str, content: str, draw: int | None, text: str) -> tuple[str, str]:
        """Return the reply and its finish reason. With probability `bad`, the reply is useless."""
        if not self.world.bad or chance("bad", self.world.seed, draw, system, content) >= self.world.bad:
            return text, "stop"
        kind = int(3 * chance("kind of bad", self.world.seed, draw, system, content))
        return (("", "stop"), (text[: len(text) // 2], "length"), ("Let me think about that.", "stop"))[kind]


def _text(message: dict[str, Any]) -> str:
    """Return the text of a message, without images."""
    content = message["content"]
    return content if isinstance(content, str) else "\n\n".join(part for part in content if isinstance(part, str))


def _block(tag: str, content: str) -> str:
    """Return the text between the last opening tag and the next closing tag, or ""."""
    return content.rpartition(f"<{tag}>\n")[2].partition(f"\n</{tag}>")[0] if f"<{tag}>\n" in content else ""


def _improved(text: str) -> str:
    return f"<IMPROVED_VARIABLE>\n{text}\n</IMPROVED_VARIABLE>"


def _criticism_of_answer(content: str) -> str:
    """Criticize an answer by its verdict: the last 0 or 1 in the output of the scorer or the judge, or a grade."""
    verdict = _block("OUTPUT_OF_FUNCTION", content) or _block("LM_OUTPUT", content)
    topic = _TOPIC.search(_block("VARIABLE", content))
    grade = _GRADE.match(verdict)
    if grade[1] == "1" if grade else "0" not in re.findall(r"(?<![\d.])[01](?![\d.])", verdict)[-1:]:
        return f"The answer to this {topic[0] if topic else ''} question is right; nothing need change."
    return f"The answer is wrong. What led to it lacks the lesson for {topic[0] if topic else 'its topic'}."


def _criticism_of_prompt(content: str) -> str:
    present = set(_LESSON.findall(_block("VARIABLE", content)))
    feedback = _block("FEEDBACK", content)
    if _FIXED_FEEDBACK.match(feedback) and (topic := _TOPIC.search(_block("LM_OUTPUT", content))):
        feedback = f"It lacks the lesson for {topic[0]}."
    return _missing_lessons(feedback, present)


def _missing_lessons(text: str, present: Iterable[str] = ()) -> str:
    topics = [topic for topic in dict.fromkeys(_MISSING.findall(text)) if topic not in present]
    return " ".join(f"It lacks the lesson for {topic}." for topic in topics) or "It lacks nothing that shows here."


def _rewrite(content: str, draw: int | None) -> str:
    """Return the prompt with one more line per missing lesson. The wording varies with the seed `draw`."""
    return _improved("\n".join([_block("VARIABLE", content), *_lessons(content, draw)]))


def _lessons(content: str, draw: int | None) -> list[str]:
    """Return the lessons that criticism misses, or that wrong examples call for, and the prompt does not have."""
    present = set(_LESSON.findall(_block("VARIABLE", content)))
    topics = [*_MISSING.findall(content), *_TOPIC.findall("\n".join(_EXAMPLES.findall(content)))]
    missing = [topic for topic in dict.fromkeys(topics) if topic not in present]
    return [f"Lesson {topic}: {_WAYS[int(chance('way', draw, topic) * len(_WAYS))]}." for topic in missing]


def _subjects(content: str) -> str:
    """Return the longest word of each listed text, in a sentence."""
    words = [max(re.findall(r"\w+", line), key=len, default="it") for line in content.splitlines() if line[:2] == "- "]
    return f"They are about the {', the '.join(words)}."


def _without_private(content: str) -> str:
    """Return the prompt without the listed private texts."""
    text = _block("VARIABLE", content)
    for line in _block("PRIVATE", content).splitlines():
        text = text.replace(line.removeprefix("- "), "something")
    return text


def _verdict(content: str) -> str:
    """Judge a prediction: 1 if its final answer equals the ground truth. Field roles identify both."""
    fields = [(role, text.strip()) for role, text in _FIELD.findall(content)]
    truth = next((text for role, text in fields if _TRUTH.search(role)), None)
    prediction = next((text for role, text in fields if _PREDICTION.search(role)), "")
    final = _FINAL_ANSWER.match(prediction)
    return f"<ACCURACY>{int((final[1] if final else prediction) == truth)}</ACCURACY>"


ENGINES = (EngineKind(r"simulated(?::(.*))?", SimulatedEngine, "simulated", "a deterministic stand-in", remote=False),)
