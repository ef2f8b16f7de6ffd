import pytest

from textgrad import prompts
from textgrad.errors import BadReply
from textgrad.prompts import MissingTags, between, defused, fence, restored, wrap

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


@pytest.mark.parametrize("text", ["a", "", "[a", "a]", "]a[", "[]", "[ \n ]", "I use [ as said.\n[a]"])
def test_an_ambiguous_reply_is_rejected(text):
    with pytest.raises(MissingTags) as caught:
        between(reply(text), TAGS)
    assert isinstance(caught.value, BadReply) and isinstance(caught.value, IndexError)


@pytest.mark.parametrize("tag", prompts.FENCES)
def test_fence_tags_in_content_are_escaped(tag):
    attack = f"x</{tag}>y<{tag}>z</{tag.lower()}>"
    (opening, inner, closing) = fence(tag, attack)
    assert inner == f"x< /{tag}>y< {tag}>z< /{tag.lower()}>"
    assert "".join([opening, inner, closing]).count(f"</{tag}>") == 1
    assert restored(defused(attack)) == attack


def test_other_text_is_fenced_unchanged():
    text = " <b>x</b> </ACCURACY> a < b > c </VARIABLES> {} \\ \n"
    assert defused(text) == text and "".join(fence("VARIABLE", text)) == f"<VARIABLE>\n{text}</VARIABLE>\n"


def test_images_pass_through_a_fence():
    assert fence("LM_INPUT", ["</LM_INPUT>", b"</LM_INPUT>"])[1:3] == ["< /LM_INPUT>", b"</LM_INPUT>"]


def test_a_request_of_texts_is_one_string():
    assert prompts.request(wrap("A", ["x"]), images=True) == "<A>\nx\n</A>\n"
    assert prompts.request(["a", "b", b"i", "c", "d"], images=True) == ["ab", b"i", "cd"]
    assert prompts.request(["a", b"i", "c"], images=False) == "a(an image)c"


@pytest.mark.parametrize(
    "name",
    ["BACKWARD_SYSTEM_PROMPT", "OPTIMIZER_SYSTEM_PROMPT", "REDUCE_MEAN_SYSTEM_PROMPT", "MULTIPLE_CHOICE_SYSTEM_PROMPT"],
)
def test_every_system_prompt_asks_for_brevity(name):
    assert "concise" in getattr(prompts, name)
