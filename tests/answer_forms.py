"""The forms in which models write answers, the spellings of a value, and the neighbours of a value, per scorer."""

from collections.abc import Iterator

COMMON = (
    *("{}", "{}.", " {}\n", "**{}**", "**{}**.", "**{}.**", "*{}*", "`{}`", '"{}"', "“{}”", "'{}'"),
    *("Answer: {}", "Answer: {}.", "answer: {}", "ANSWER: {}", "Answer： {}", "Answer = {}", "My answer: {}"),
    *("**Answer:** {}", "**Answer: {}**", "Answer: **{}**", "**Answer**: {}", "Answer: `{}`", "Answer: *{}*"),
    *(
        'Answer: "{}"',
        "Answer: '{}'",
        "Answer: “{}”",
        "Answer: [{}]",
        "> Answer: {}",
        "- Answer: {}",
        "* **Answer:** {}",
    ),
    *("Final answer: {}", "Final Answer: **{}**", "**Final Answer:** {}", "### Final Answer: {}", "Correct answer: {}"),
    *(
        "The answer is {}.",
        "The final answer is {}",
        "The answer is **{}**.",
        "The answer is: {}",
        "The answer is `{}`.",
    ),
    *("So the answer is {}", "Therefore, the answer is {}.", "Thus, the correct answer is **{}**.", "Answer is {}"),
    *(
        "The answer to the question is {}.",
        "I think that the answer is {}",
        "The answer should be {}.",
        "the answer: {}",
    ),
    *(
        "\\boxed{{{}}}",
        "$\\boxed{{{}}}$",
        "The answer is $\\boxed{{{}}}$.",
        "Answer: \\boxed{{{}}}",
        "\\[\\boxed{{{}}}\\]",
    ),
    *("\\boxed{{\\text{{{}}}}}", "$\\boxed{{\\textbf{{{}}}}}$", "**Answer:** $\\boxed{{\\mathrm{{{}}}}}$"),
    *(
        "### Answer\n{}",
        "## Final Answer\n\n**{}**",
        "**Answer**\n\n{}",
        "Final answer:\n\n{}\n",
        "Answer:\n```\n{}\n```",
    ),
    *("<answer>{}</answer>", "<answer>\n{}\n</answer>", "<answer> **{}** </answer>", "<solution>{}</solution>"),
    *("Let me think step by step.\n\nAnswer: {}", "Answer: {}\n\nLet me know if you need more help!", "Answer: {} ✅"),
    *("First 1 and 2, then (C) or no.\n\nAnswer: {}", "Answer:\n{}", "Answer: {}  \n", "Answer:{}", "Answer : {}"),
)
SENTENCES = {
    "number": (
        *("So she has {} apples.", "There are {} in total.", "Total: {}", "The total is **{}**.", "= {}", "x = {}"),
        *("Answer: {} apples", "Answer: {} dollars per day", "Answer: {} km/h", "Answer: {} (rounded)", "Answer: ({})"),
        *(
            "Answer: $ {} $",
            "Answer: ${}$",
            "Answer: ${}",
            "Answer: \\({}\\)",
            "Answer: \\${}",
            "Answer: €{}",
            "#### {}",
        ),
        *(
            "Answer: about {}",
            "Answer: exactly {} units.",
            "Answer: x = {}",
            "Answer: 3 * 4 + y = {}",
            "Answer: {} m^2",
        ),
        *("Thus 12 + 5 = {}", "We get $3 + x = {}$.", "Hence {} apples!", "The result is {}.", "**Total: {} apples**"),
        *("Answer: {}%", "Answer: {} cm²", "Answer: {}\\text{{ km}}", "\\boxed{{{}\\%}}", "\\boxed{{{} \\text{{ m}}}}"),
        *("She had 3 and bought 4 more, so in the end she has {} apples.", "Answer: {} people (3 men, 4 women)"),
        *("答案：{}", "答案是{}。", "一共有{}个苹果。", "Réponse : {}", "The answer is {}, since 3 - 1 = 2."),
    ),
    "choice": (
        *(
            "The correct choice is {}.",
            "Therefore, {} is correct.",
            "{} is the correct answer.",
            "I choose {}.",
            "So {}.",
        ),
        *(
            "Option {}",
            "option {}.",
            "Choice {} is right.",
            "Answer: Option {}",
            "The correct option is {}.",
            "It is {}.",
        ),
        *(
            "{}: the raven",
            "{} - the raven",
            "Answer: {} – the raven",
            "Answer: {} because the others are wrong.",
            "({})",
        ),
        *("I would go with {}.", "The best option is {}.", "Hence, the answer must be {}.", "It's {}.", "I'd pick {}."),
        *("The right option here is {}.", "Answer: {}, the raven", "Answer: {}: the raven", "Answer: {}) the raven"),
        *(
            "Answer: {}. The raven",
            "My choice: {}",
            "Answer: ({}) the raven",
            "[{}]",
            "\\boxed{{({})}}",
            "选{}。",
            "（{}）",
        ),
        *(
            "Thus the correct choice is **{}**.",
            "Only {} fits.",
            "The answer is option {}.",
            "{} is right, the rest is not.",
        ),
        *(
            "Answer: The correct option is {}.",
            "Therefore the correct letter is {}",
            "{} it is.",
            "{} must be the answer.",
        ),
    ),
    "boolean": (
        *(
            "{}, because it is so.",
            "Answer: {}, because it is so.",
            "The statement is {}.",
            "So it is {}.",
            "Answer: {}!",
        ),
        *(
            "Hence the result is **{}**.",
            "Step 1: not so.\n\n{}",
            "So: {}",
            "Conclusion: {}",
            "It follows that it is {}.",
        ),
    ),
    "words": ("Sorted list: {}", "The sorted words are: {}", "Here is the sorted list:\n\n{}", "**Sorted:** {}"),
    "brackets": ("So we append {}", "The missing brackets are: {}", "[ ( <\n{}", "So, we need {} to close it."),
    "exact": ("It must be:\n\n{}", "After some thought:\n{}"),
}
_ONE_NAMES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_TEN_NAMES = "zero ten twenty thirty forty fifty sixty seventy eighty ninety"
_ONES = f"{_ONE_NAMES} seventeen eighteen nineteen".split()
_TENS = _TEN_NAMES.split()
_SCALES = ((1_000_000_000, "billion"), (1_000_000, "million"), (1000, "thousand"), (100, "hundred"))


def in_words(value: int) -> str:
    """Return an integer in English words."""
    if value < 0:
        return f"minus {in_words(-value)}"
    if value < 20:
        return _ONES[value]
    if value < 100:
        return _TENS[value // 10] + (f"-{_ONES[value % 10]}" if value % 10 else "")
    unit, name = next(scale for scale in _SCALES if value >= scale[0])
    join = " and " if unit == 100 else " "
    return f"{in_words(value // unit)} {name}" + (f"{join}{in_words(value % unit)}" if value % unit else "")


def spellings(kind: str, answer: str) -> list[str]:
    """Return equivalent spellings of a right answer."""
    if kind == "number":
        return _number_spellings(answer)
    if kind == "choice" and len(letter := answer.strip("()")) == 1:
        return [answer, letter, f"{letter})", f"{letter}."]
    if kind == "boolean":
        return [answer, answer.lower(), answer.upper(), answer.capitalize()]
    if kind == "words":
        words = answer.split()
        return [answer, ", ".join(words), "\n".join(words), str(words), " -> ".join(words)]
    if kind == "brackets":
        return [answer, answer.replace(" ", "")]
    return [answer, answer.upper()]


def _number_spellings(answer: str) -> list[str]:
    value = int(answer.replace(",", ""))
    grouped = f"{value:,}"
    written = [answer, grouped, *(grouped.replace(",", mark) for mark in ("{,}", "\\,", "\u202f", "\u00a0"))]
    written += [f"{value}.0", f"{grouped}.00", grouped.replace("-", "−"), "".join(map(_full_width, str(value)))]
    return list(dict.fromkeys(written))


def _full_width(character: str) -> str:
    return chr(ord(character) + 0xFEE0)


def replies(kind: str, answer: str) -> Iterator[tuple[str, str]]:
    """Yield (form, reply) for all forms and spellings of an answer."""
    for written in spellings(kind, answer):
        for form in (*COMMON, *SENTENCES[kind]):
            if kind == "brackets" and ("[{}]" in form or "\\text" in form or "\\math" in form):
                continue  # these wrappers are brackets themselves
            if kind == "choice" and not written.isalpha() and form not in COMMON:
                continue  # "A) is correct" and "([A])" are not written
            yield form, form.format(written)


def neighbours(kind: str, answer: str, answers: list[str]) -> list[str]:
    """Return wrong answers that are close to a right one; `answers` are all answers of the data."""
    if kind == "number":
        value = int(answer.replace(",", ""))
        near = [value + 1, value - 1, value * 10, -value, value * 1000, value + 1000, int(str(abs(value))[-1])]
        return [str(other) for other in near if other != value] + [f"{value}.5", f"{value * 10 + 1}/10"]
    if kind == "words":
        words = answer.split()
        near = [" ".join(words[:-1]), " ".join([*words, "zoo"]), " ".join([words[-1], *words[:-1]])]
        return [other for other in near if other != answer]
    if kind == "brackets":
        return [f"{answer} )", answer[:-1], f"] {answer}"]
    if kind == "boolean":
        positive = ("yes", "true", "valid", "plausible")
        return [other for other in answers if (other.lower() in positive) != (answer.lower() in positive)]
    return [other for other in dict.fromkeys(answers) if other.casefold() != answer.casefold()][:8] + ["zoo"]
