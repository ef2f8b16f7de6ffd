"""Planted private strings never leave a client, and ordinary instructions stay unchanged."""

import random
import time

import pytest

from textgrad.errors import UsageError
from utils.privacy.leak import Leak, PrivateTexts
from utils.privacy.leak_guard import guard

BROADCAST = (
    "You will answer a counting question. Think step by step. The last line of your response should be of the "
    "following format: 'Answer: $VALUE' where VALUE is a numerical value."
)
QUESTIONS = [
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many in May. How many did she sell?",
    "The clerk Zephyrina Quillfeather lives at 1742 Larkspur Road. Her file is ID-77XK-2291. How many files are there?",
    "Write to zephyr.quill@example.org or call 415-555-2671 if the 3 apples and 2 pears are late.",
    "Weng earns $12 an hour. Yesterday, she just did 50 minutes of babysitting, code 90417755. How much did she earn?",
    "How many crates does Łukasz Żółw load in 5 days if he loads 31337 of them in all and drops user_kestrel off?",
]
ANSWERS = ["72", "1", "3", "10", "31337"]
PRIVATE = QUESTIONS + ANSWERS
CANARIES = [
    "Zephyrina Quillfeather",
    "1742 Larkspur",
    "ID-77XK-2291",
    "zephyr.quill@example.org",
    "415-555-2671",
    "90417755",
    "Łukasz Żółw",
    "31337",
    "user_kestrel",
    "Natalia",
    "Weng",
    "sold clips to 48 of her friends in April",
]
ORDINARY = (
    BROADCAST
    + """
1. Identify each item and its quantity; "a" or "an" counts as 1.
2. Convert units (1 hour = 60 minutes, 1 kg = 1000 grams), then add everything up: 2 + 2 + 3 = 7.
3. Check the total twice, in at most 25 steps. How many are left? Then write "Answer: 3". A 10-minute check will do."""
)

DISGUISES = {
    "as it is": lambda text, rng: text,
    "lower case": lambda text, rng: text.lower(),
    "upper case": lambda text, rng: text.upper(),
    "over lines": lambda text, rng: text.replace(" ", "\n").replace("-", "-\n").replace("@", "@\n"),
    "other marks": lambda text, rng: text.replace("-", " ").replace(" ", "  ").replace("_", " _ "),
    "no accents": lambda text, rng: text.translate(str.maketrans("ŻżóÓ", "ZzoO")),
    "full width": lambda text, rng: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "zero width": lambda text, rng: "".join(c + "\u200b" * rng.randrange(2) for c in text),
    "possessive": lambda text, rng: f"{text}'s",
    "in markup": lambda text, rng: f"**{text}**",
}


def _normalized(text: str) -> str:
    return "".join(c for c in text.translate(str.maketrans("ŻżóÓ", "ZzoO")).casefold() if c.isalnum())


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_planted_canary_is_never_uploaded(canary, disguise):
    rng = random.Random(0)
    planted = DISGUISES[disguise](canary, rng)
    upload = f"{ORDINARY}\nFor example, {planted} shows how to count."
    for mode in ("redact", "block"):
        text, leak, action = guard(upload, BROADCAST, PRIVATE, mode)
        assert leak.level == "leak" and action == {"redact": "redacted", "block": "blocked"}[mode]
        assert planted not in text and _normalized(canary) not in _normalized(text)
        for part in canary.split():
            if len(part) > 4:
                assert _normalized(part) not in _normalized(text)
    assert guard(upload, BROADCAST, PRIVATE, "warn")[::2] == (upload, "warned")


def test_a_code_split_over_lines_is_found():
    for split in ("9041\n7755", "9 0 4 1 7 7 5 5", "9041-77-55", "90,417,755", "9041.\n\n7755"):
        assert guard(f"The code is {split}, use it.", BROADCAST, PRIVATE, "block")[2] == "blocked", split


def test_redaction_replaces_only_the_leak():
    upload = "Add up. Ask Zephyrina Quillfeather, or Mr. Weng. Give 3 numbers."
    text, leak, _ = guard(upload, BROADCAST, PRIVATE, "redact")
    assert text == "Add up. Ask [redacted] [redacted], or Mr. [redacted]. Give 3 numbers."
    assert leak.names == ("Quillfeather", "Weng", "Zephyrina") and leak.numbers == leak.secrets == ()


def test_ordinary_instructions_and_small_numbers_do_not_leak():
    for mode in ("warn", "redact", "block"):
        text, leak, action = guard(ORDINARY, BROADCAST, PRIVATE, mode)
        assert (text, action, leak.level) == (ORDINARY, "none", "none"), leak


@pytest.mark.parametrize("upload", ["answer: 3", "Step 1, 2, 3 ... 9: count.", "In May she may ask how many.", "", "?"])
def test_common_phrases_do_not_leak(upload):
    assert guard(upload, BROADCAST, PRIVATE, "redact") == (upload, Leak(), "none")


def test_text_of_the_broadcast_does_not_leak():
    broadcast = (
        BROADCAST + " Example: Natalia sold clips to 48 of her friends in April. Write to zephyr.quill@example.org."
    )
    text, leak, action = guard(broadcast + " Count twice.", broadcast, PRIVATE, "redact")
    assert action == "none" and leak == Leak()
    upload = broadcast + " The code is 90417755."
    assert guard(upload, broadcast, PRIVATE, "redact")[0] == broadcast + " The code is [redacted]."


def test_public_text_does_not_leak():
    upload = "The task was written by Natalia."
    assert guard(upload, BROADCAST, PRIVATE, "redact", public="Data by Natalia.")[2] == "none"
    assert guard(upload, BROADCAST, PRIVATE, "redact")[2] == "redacted"


def test_a_copied_run_is_measured_in_words():
    upload = "Read it. Yesterday she JUST did (50) minutes; of babysitting is an example of a sentence here."
    leak = PrivateTexts(PRIVATE).leak(upload, BROADCAST)
    assert leak.longest_run == 8  # yesterday she just did 50 minutes of babysitting
    assert leak.overlap == pytest.approx((8 - 4) / (17 - 4))  # 17 words
    assert [upload[start:end] for start, end in leak.spans] == ["Yesterday she JUST did (50) minutes; of babysitting"]
    assert leak.score == pytest.approx(51 / len(upload), abs=0.01)


def test_five_copied_words_are_reported_and_six_are_a_leak():
    private = PrivateTexts(PRIVATE)
    six = private.leak("We know she just did 50 minutes of it.", BROADCAST)
    assert (six.longest_run, six.level, six.spans) == (6, "leak", ((8, 34),))
    five = private.leak("We know they just did 50 minutes of it.", BROADCAST)
    assert (five.longest_run, five.level, five.spans) == (5, "some", ())
    assert private.leak("We know they did 50 minutes of it.", BROADCAST).level == "none"


def test_a_run_ends_with_its_private_text():
    private = PrivateTexts(["alpha beta gamma delta epsilon", "zeta eta theta iota kappa"])
    assert private.leak("alpha beta gamma delta epsilon zeta eta theta iota kappa", "").longest_run == 5


def test_a_run_ends_at_text_of_the_broadcast():
    private = PrivateTexts(["alpha beta gamma delta epsilon zeta eta theta iota kappa"])
    upload = "As in alpha beta gamma delta epsilon zeta eta theta iota kappa"
    assert private.leak(upload, "").longest_run == 10
    assert private.leak(upload, "Say zeta eta theta iota kappa.").longest_run == 5


def test_a_phrase_of_all_questions_is_a_template_and_does_not_leak():
    questions = [
        f"I have {n} {what} and {n + 1} cats. How many animals do I have in all here?"
        for n, what in enumerate(["dogs", "cows", "hens", "rats", "frogs", "goats"])
    ]
    private = PrivateTexts(questions)
    assert private.leak("When asked how many animals do I have in all here, add up.", BROADCAST).level == "none"
    assert private.leak("For instance 3 rats and 4 cats, how many animals do I have?", BROADCAST).level == "leak"


def test_names_that_are_words_count_only_if_written_as_names():
    private = PrivateTexts(["Then Mark and Hope met Rose."])
    assert private.leak("Mark each item. Let hope and rose be words.", "").names == ()
    assert private.leak("Do as Mark did.", "").names == ("Mark",)


def test_a_name_inside_a_longer_word_or_across_words_does_not_leak():
    private = PrivateTexts(["There Anna met Amit."])
    assert private.leak("In the savannah I am it.", "").names == ()


def test_a_number_inside_a_longer_number_does_not_leak():
    private = PrivateTexts(["It has 4417 seats."])
    for longer in ("94417", "44170", "944170"):
        assert private.leak(f"Use {longer} seats.", "").numbers == ()
    assert private.leak("Use A4417 seats.", "").numbers == ("4417",)


def test_common_numbers_do_not_leak():
    private = PrivateTexts(["1000 or 20,000 or 7 or 0.75 or 15.00 or 60 and 2500.50, 1440"])
    assert private.leak("20000 1000 7 0.75 15 60 1500 1,440", "") == Leak()


@pytest.mark.parametrize(
    "written", ["470", "４７０", "4\u200b7\u200b0", "(470)", "$470.00", "470-582", "n=470.", "٤٧٠"]
)
def test_a_short_number_is_found_as_written(written):
    private = PrivateTexts(["What is 470 + 582?", "1052"])
    text, leak, _ = guard(f"Add {written} first.", BROADCAST, private, "redact")
    assert leak.numbers[0] == "470" and "0" not in text


@pytest.mark.parametrize("other", ["4700", "1,470", "1470", "4.70", "47 0", "4, 7, 0", "0.470", "471"])
def test_a_short_number_is_not_another_number(other):
    assert PrivateTexts(["What is 470 + 8?"]).leak(f"Add {other} first.", "") == Leak()


def test_numbers_are_compared_by_value():
    private = PrivateTexts(["It costs $12.50 or 3,612.40."])
    assert private.leak("Take 12.5 and 3612.4.", "").numbers == ("12.50", "3,612.40")


def test_a_number_of_the_broadcast_or_of_most_questions_does_not_leak():
    private = PrivateTexts([f"Of 470 seats, {number} are free. How many are taken?" for number in range(801, 809)])
    assert private.leak("There are 470 seats.", "") == Leak()
    assert private.leak("For example 803.", "").numbers == ("803",)
    assert private.leak("For example 803.", "Room 803.") == Leak()


@pytest.mark.parametrize("secret", ["sk-abcdefghijkl1234567890", "bob@corp.example", "4f3c2a1b9d8e7f6a5b4c3d2e1f"])
def test_anything_that_looks_like_a_secret_is_redacted(secret):
    text, leak, _ = guard(f"Log in with {secret} first.", BROADCAST, PRIVATE, "redact")
    assert text == "Log in with [redacted] first." and leak.secrets == (secret,)


def test_texts_without_letters_do_not_leak():
    assert guard("_@_-._ and \u0301\u0301\u0301", "", ["_@_-._ ººº ___"], "redact")[2] == "none"


def test_scripts_without_spaces_are_compared_by_character():
    leak = PrivateTexts(["小明有三个苹果和五个梨。"]).leak("例如小明有三个苹果和五个梨就够了", "")
    assert leak.longest_run == 11 and leak.level == "leak"


def test_mode_off_finds_nothing_and_an_unknown_mode_lists_the_known_ones():
    assert guard("Natalia", BROADCAST, PRIVATE, "off") == ("Natalia", Leak(), "none")
    with pytest.raises(UsageError, match="redact, "):
        guard("x", BROADCAST, PRIVATE, "redcat")


def test_a_log_entry_has_counts_instead_of_strings():
    record = guard("Ask Zephyrina at zephyr.quill@example.org, 90417755.", BROADCAST, PRIVATE, "warn")[1].as_json()
    assert record["names"] == 1 and record["secrets"] == 1 and record["numbers"] == 1
    assert "ephyr" not in str(record) and "90417755" not in str(record)


def _gibberish(rng: random.Random, words: int) -> str:
    return " ".join("".join(rng.choices("abcdeilmnorst", k=rng.randint(3, 8))) for _ in range(words))


def test_a_long_upload_is_searched_for_many_questions_within_seconds():
    rng = random.Random(1)
    questions = [_gibberish(rng, 60) for _ in range(1000)]
    private = PrivateTexts(questions)
    upload = " ".join(rng.choice(questions)[:200] for _ in range(320))  # the worst case: everything is copied
    assert len(upload.split()) > 9000
    started = time.monotonic()
    leak = private.leak(upload, BROADCAST)
    assert time.monotonic() - started < 5 and leak.longest_run >= 25


@pytest.mark.parametrize("seed", range(20))
def test_random_mixtures_are_redacted_completely(seed):
    rng = random.Random(seed)
    pieces = [DISGUISES[rng.choice(list(DISGUISES))](rng.choice(CANARIES), rng) for _ in range(6)]
    pieces += rng.choices(ORDINARY.split("\n"), k=3) + [_gibberish(rng, 5)]
    rng.shuffle(pieces)
    text, _, action = guard(rng.choice([" ", "\n", ", "]).join(pieces), BROADCAST, PRIVATE, "redact")
    assert action in ("redacted", "blocked")
    assert PrivateTexts(PRIVATE).leak(text, BROADCAST).level != "leak"
    assert not any(_normalized(canary) in _normalized(text) for canary in CANARIES)


def test_the_longest_of_several_copied_runs_is_reported():
    short, long = (
        "sold clips to 48 of her friends in April",
        "Natalia sold clips to 48 of her friends in April, and then",
    )
    private = PrivateTexts(QUESTIONS)
    runs = [private.leak(text, "").longest_run for text in (short, long, f"{short}. Look: {long}", f"{long}. {short}")]
    assert runs[0] < runs[1] == runs[2] == runs[3]
