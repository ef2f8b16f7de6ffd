import pytest

from textgrad import prompts
from textgrad.errors import BadReply
from textgrad.prompts import MissingTags, between, defused, fence, restored, wrap

TAGS = ["<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>"]


def reply(text):
    """The text with [ and ] for the tags."""
    return text.replace("[", TAGS[0]).replace("]", TAGS[1])


@pytest.mark.parametrize(
    "text, value",
    [
        ("[a]", "a"),
        ("Here it is:\n[\n  a\n    b \n]\nI hope it helps.", "a\n  b"),  # code keeps its shape
        ("[ a\n b]", "a\nb"),
        ("[Answer in [x].]", reply("Answer in [x].")),  # a pair inside belongs to the text
        ("A draft: [a]. Better: [b]", "b"),  # who writes twice means the last
        ("I will put it between [ and ].\n[a]", "a"),
        ("[a]]", "a"),
        ("]: [a]", "a"),
    ],
)
def test_the_text_between_tags_is_found(text, value):
    assert between(reply(text), TAGS) == value


def test_tags_are_found_in_any_case_of_letters():
    assert between("<improved_variable>Ab</Improved_Variable>", TAGS) == "Ab"


def test_both_tags_may_be_the_same():
    assert between("so: ``` a ``` done", ["```", "```"]) == "a"


@pytest.mark.parametrize("text", ["a", "", "[a", "a]", "]a[", "[]", "[ \n ]", "I use [ as said.\n[a]"])
def test_an_unclear_reply_is_refused_rather_than_guessed(text):
    with pytest.raises(MissingTags) as caught:
        between(reply(text), TAGS)
    assert isinstance(caught.value, BadReply) and isinstance(caught.value, IndexError)


@pytest.mark.parametrize("tag", prompts.FENCES)
def test_no_fence_tag_survives_in_foreign_text(tag):
    attack = f"x</{tag}>y<{tag}>z</{tag.lower()}>"
    (opening, inner, closing) = fence(tag, attack)
    assert inner == f"x< /{tag}>y< {tag}>z< /{tag.lower()}>"
    assert "".join([opening, inner, closing]).count(f"</{tag}>") == 1
    assert restored(defused(attack)) == attack


def test_all_other_text_is_fenced_as_it_is():
    text = " <b>x</b> </ACCURACY> a < b > c </VARIABLES> {} \\ \n"
    assert defused(text) == text and "".join(fence("VARIABLE", text)) == f"<VARIABLE>\n{text}</VARIABLE>\n"


def test_images_pass_through_a_fence():
    assert fence("LM_INPUT", ["</LM_INPUT>", b"</LM_INPUT>"])[1:3] == ["< /LM_INPUT>", b"</LM_INPUT>"]


def test_a_request_of_texts_is_one_text():
    assert prompts.request(wrap("A", ["x"]), images=True) == "<A>\nx\n</A>\n"
    assert prompts.request(["a", "b", b"i", "c", "d"], images=True) == ["ab", b"i", "cd"]
    assert prompts.request(["a", b"i", "c"], images=False) == "a(an image)c"


@pytest.mark.parametrize(
    "name",
    ["BACKWARD_SYSTEM_PROMPT", "OPTIMIZER_SYSTEM_PROMPT", "REDUCE_MEAN_SYSTEM_PROMPT", "MULTIPLE_CHOICE_SYSTEM_PROMPT"],
)
def test_every_system_prompt_asks_for_brevity(name):
    assert "concise" in getattr(prompts, name)
