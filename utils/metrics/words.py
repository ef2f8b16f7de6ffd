"""Word lists for comparing instructions."""

from pathlib import Path

NUMBER_WORDS = {
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
}
CONTRACTIONS = (
    (r"\bcan(?:no|')t\b", "can not"),
    (r"\bwon't\b", "will not"),
    (r"n't\b", " not"),
    (r"\b(?:do not|never) (?:forget|fail|neglect|hesitate) to\b", ""),
    (r"\bnot only\b", ""),
    (r"\b(?:instead of|rather than)\b", "not"),
)
NEGATIONS = {"not", "no", "never", "without", "avoid", "avoids", "avoiding", "nor", "neither"}
ENDS_OF_NEGATION = {"but", "and", "unless", "until", "instead", "then"}
FUNCTION_WORDS = frozenset(Path(__file__).with_name("function_words.txt").read_text(encoding="ascii").split())
SUFFIXES = ("ingly", "edly", "fully", "ing", "ied", "ies", "ful", "ed", "es", "ly", "s", "e", "y")
