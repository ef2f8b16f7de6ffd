"""The reader of blocks between tags: mentions, drafts, sloppy tags."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textgrad.errors import BadReply
from textgrad.tagged import MissingTags, between, find_blocks

TAGS = ["<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>"]


def reply(text):
    """Replace [ and ] by the tags."""
    return text.replace("[", TAGS[0]).replace("]", TAGS[1])


@pytest.mark.parametrize(
    "text, value",
    [
        ("[a]", "a"),
        ("Here it is:\n[\n  a\n    b \n]\nI hope it helps.", "a\n  b"),  # code keeps its shape
        ("[ a\n b]", "a\nb"),
        ("[Answer in [x].]", reply("Answer in [x].")),  # a pair inside belongs to the text
        ("A draft: [a]. Better: [b]", "b"),  # the last block counts
        ("I will put it between [ and ].\n[a]", "a"),
        ("[a]]", "a"),
        ("]: [a]", "a"),
    ],
)
def test_text_between_tags_is_extracted(text, value):
    assert between(reply(text), TAGS) == value


def test_tags_are_case_insensitive():
    assert between("<improved_variable>Ab</Improved_Variable>", TAGS) == "Ab"


def test_both_tags_may_be_the_same():
    assert between("so: ``` a ``` done", ["```", "```"]) == "a"


@pytest.mark.parametrize("text", ["a", "", "[a", "a]", "]a[", "[]", "[ \n ]", "I write it in [ and ] as asked."])
def test_a_reply_without_a_complete_block_is_rejected(text):
    with pytest.raises(MissingTags) as caught:
        between(reply(text), TAGS)
    assert isinstance(caught.value, BadReply) and isinstance(caught.value, IndexError)


REAL = "Read the question twice.\nThen add the numbers, digit by digit."
BLOCK = f"[\n{REAL}\n]"
MENTIONS = [
    "What stands between [ and ] is the new prompt.",
    "Tags used: [ and ].",
    "I write it after the tag [ now.",
    "The tag ] ends it.",
    "Everything from [ to the closing ] is the prompt",
    "The new text is enclosed in `[` and `]`.",
    "- `[`: start\n- `]`: end",
    "Die Marken [ und ] umschließen den Text.",
    "新的提示在 [ 和 ] 之间。",
    "Format: [...]",
    "(The text between [\nand ] replaces the old one.)",
    "<think>Perhaps [Guess.] or [\nGuess wildly.\n] would do.</think>",
    "<Thinking>\n[\nGuess.\n]\n</Thinking>",
    "```\n[\nThe old prompt, which was too short to be of use.\n]\n```",
    "~~~xml\n[Old text in code.]\n~~~",
]


@pytest.mark.parametrize("mention", MENTIONS)
@pytest.mark.parametrize("block", [BLOCK, f"Here it is: [{REAL}]", f"**[**\n{REAL}\n**]**", f"> [{REAL}] Done."])
def test_sentences_thoughts_and_code_around_the_block_do_not_matter(block, mention):
    for text in (f"{mention}\n\n{block}", f"{block}\n\n{mention}", f"{mention}\n{block}\n{mention}"):
        assert between(reply(text), TAGS) == REAL


@pytest.mark.parametrize("mention", MENTIONS)
def test_a_reply_that_only_mentions_the_tags_is_rejected_or_code(mention):
    if mention.startswith(("```", "~~~")):
        assert between(reply(mention), TAGS).startswith(("The old prompt", "Old text"))
    else:
        with pytest.raises(MissingTags):
            between(reply(mention), TAGS)


@pytest.mark.parametrize(
    "text, value",
    [
        ("[\nWrite the answer after [ always.\nBe brief.\n]", "Write the answer after [ always.\nBe brief."),
        ("[\nEnd with ] always.\nBe brief.\n]", "End with ] always.\nBe brief."),
        ("[\nEnd your reply with ]\nBe brief.\n]", "End your reply with ]\nBe brief."),
        ("[\nLike this:\n[\nx\n]\nThanks.\n]", "Like this:\n[\nx\n]\nThanks."),
        ("[\n[\nAdd twice.\n]\n]", "Add twice."),
        ("[\nA draft that stops\n[\nAdd twice.\n]", "Add twice."),
        ("[\nAdd twice.\n]\n]", "Add twice."),
        ("[\nAdd twice.\n]\n\nAnother try:\n[\nAdd three ti", "Add twice."),
        (
            "[\nA draft.\n]\nBetter: [Add twice and then once more, digit by digit.]",
            "Add twice and then once more, digit by digit.",
        ),
        ("[\nReply in code:\n```\nx = 1\n```\n]", "Reply in code:\n```\nx = 1\n```"),
        ("```xml\n[\nReply so:\n```python\nx = 1\n```\n]\n```", "Reply so:\n```python\nx = 1\n```"),
        ("[\nThink in <think> and </think> first.\n]", "Think in <think> and </think> first."),
        ("[\nBegin with\n<think>\nand go on.\n]", "Begin with\n<think>\nand go on."),
        ("Hm.\n[\nGuess.\n]\n</think>\n[\nAdd twice.\n]", "Add twice."),
        ("[\nAdd twice.\n]\n<think>\nOr [\nGuess.\n]", "Add twice."),
        ("<output>[Add twice and then once more.]</output>", "Add twice and then once more."),
    ],
)
def test_nested_unclosed_and_repeated_tags_never_give_half_a_block(text, value):
    assert between(reply(text), TAGS) == reply(value)


@pytest.mark.parametrize(
    "opening, closing",
    [
        ("<improved_variable>", "</Improved_Variable>"),
        ("< IMPROVED_VARIABLE >", "< / IMPROVED_VARIABLE >"),
        ('<IMPROVED_VARIABLE type="prompt">', "</IMPROVED_VARIABLE>"),
        ("<IMPROVED\\_VARIABLE>", "</IMPROVED\\_VARIABLE>"),
        ("<Improved Variable>", "</Improved Variable>"),
        ("<IMPROVED_VARIABLE\n>", "<\\/IMPROVED_VARIABLE>"),
        ("&lt;IMPROVED_VARIABLE&gt;", "&lt;/IMPROVED_VARIABLE&gt;"),
        ("<IMPROVED_VARIABLE>", "&lt;/improved_variable&gt;"),
    ],
)
def test_sloppy_tags_are_read(opening, closing):
    assert between(f"So:\n{opening}\nAdd twice.\n{closing}", TAGS) == "Add twice."


def test_the_text_between_escaped_tags_is_unescaped_and_other_text_is_not():
    escaped = "&lt;IMPROVED_VARIABLE&gt;\nIf a &lt; b &amp;&amp; c, stop.\n&lt;/IMPROVED_VARIABLE&gt;"
    assert between(escaped, TAGS) == "If a < b && c, stop."
    assert between(reply("[\nWrite &lt; for the sign.\n]"), TAGS) == "Write &lt; for the sign."


@pytest.mark.parametrize("text", ["<IMPROVED_VARIABLE/>x", "<IMPROVED_VARIABLES>x</IMPROVED_VARIABLES>"])
def test_other_tags_are_not_taken_for_the_requested_ones(text):
    with pytest.raises(MissingTags):
        between(text, TAGS)


LINES = st.text(st.characters(exclude_characters="[]<>`~", exclude_categories=("Cs",)), min_size=1, max_size=30)


@settings(deadline=None)
@given(st.lists(st.sampled_from([*MENTIONS, "Hello.", "", "1. First"]), max_size=3), LINES, st.booleans())
def test_a_block_on_its_own_lines_is_found_among_any_mentions(mentions, text, first):
    text = f"Use: {text} Stop"
    parts = [f"[\n{text}\n]", *mentions] if first else [*mentions, f"[\n{text}\n]"]
    assert between(reply("\n".join(parts)), TAGS) == between(reply(f"[\n{text}\n]"), TAGS)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["[", "]", "\n", " ", "a", "and", ".", "```", "<think>", "</think>", "`", "B "])))
def test_any_sequence_of_tags_gives_blocks_of_the_reply_or_none(parts):
    text = reply("".join(parts))
    for block in find_blocks(text, TAGS):
        assert text[block.start : block.end].startswith("<") and block.text.strip() and block.text in text


@pytest.mark.parametrize(
    "piece", ["<think>", "</think>\n", "```\n", "[", "]", "[\n", "\n]", "[ and ] ", "[a] (", "\n[\na\n]\n"]
)
def test_any_repeated_piece_is_read_in_time(piece):
    started = time.monotonic()
    find_blocks(reply(piece * 3000), TAGS)
    assert time.monotonic() - started < 20
