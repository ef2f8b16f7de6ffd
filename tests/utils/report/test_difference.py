"""The difference of two texts: unchanged sentences are shown unchanged, and both texts can be read from the pieces."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.report.difference import Change, difference


def marked(before, after):
    """Return the difference as text: [-removed-] and [+added+], with "moved: " before moved sentences."""
    marks = {"same": "{}", "removed": "[-{}-]", "added": "[+{}+]"}
    return "".join(
        marks[piece.change].format(("moved: " if piece.moved else "") + piece.text)
        for piece in difference(before, after)
    )


def test_a_difference_marks_removed_and_added_words():
    assert marked("Add the numbers.", "Add all numbers.") == "Add [-the -][+all +]numbers."
    assert marked("a < b", "a < b") == "a < b"


def test_a_new_sentence_is_not_compared_word_by_word():
    before, after = "Add. Check each digit twice.", "Add. Write the answer on one line."
    assert marked(before, after) == "Add. [-Check each digit twice.-][+Write the answer on one line.+]"


def test_long_prompts_are_compared_quickly():
    before = "\n".join(
        f"Rule {number}: look at item {number * 7 % 400} and then at the next one." for number in range(400)
    )
    started = time.process_time()
    assert "[+thing +]" in marked(before, before.replace("item 7 ", "thing 7 "))
    assert difference(before, before[::-1])
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "before, after, shown",
    [
        ("Add.", "Add.\nCheck each digit.", "Add.[+\nCheck each digit.+]"),
        ("Check each digit.", "Add.\nCheck each digit.", "[+Add.\n+]Check each digit."),
        ("Add", "Add\nCheck", "Add[+\nCheck+]"),
        ("Add.\n", "Add.\n\nStop.\n", "Add.[+\n\nStop.+]\n"),
        ("Add. Stop.", "Add.\n\nStop.", "Add.[- -][+\n\n+]Stop."),
        ('Say "no." Stop.', 'Say "no." Wait. Stop.', 'Say "no."[+ Wait.+] Stop.'),
        ("数字を足す。", "数字を足す。桁を確認する。", "数字を足す。[+桁を確認する。+]"),
        ("「足す。」桁を見る。", "桁を見る。", "[-「足す。」-]桁を見る。"),
        ("数字を足す。桁を確認する。", "数字を足す。桁を二回確認する。", "数字を足す。桁を[+二回+]確認する。"),
    ],
)
def test_an_unchanged_sentence_is_shown_unchanged(before, after, shown):
    assert marked(before, after) == shown


def test_an_edited_sentence_is_compared_word_by_word_among_new_ones():
    before = "Add the big numbers now. Stop."
    after = "Read the task. Look twice!\nAdd the small numbers now.\nWrite it. Sign it. Stop."
    assert "Add the [-big -][+small +]numbers now." in marked(before, after)
    assert marked(before, after).endswith("Stop.")


def test_a_moved_sentence_is_marked_as_moved():
    assert marked("A one. B two. C three.", "C three. A one. B two.") == (
        "[+moved: C three.+][+ +]A one. B two.[- -][-moved: C three.-]"
    )


SENTENCES = st.lists(
    st.sampled_from(["Add.", "Add the numbers.", "Stop!", "足す。", "a", "b c", "1.", "- x", "", '"Q."']), max_size=8
)
TEXTS = st.builds(lambda parts, gap: gap.join(parts), SENTENCES, st.sampled_from([" ", "\n", "\n\n", "  ", ""]))


@given(TEXTS | st.text(), TEXTS | st.text())
def test_both_texts_can_be_read_from_the_pieces(before, after):
    pieces = difference(before, after)
    assert "".join(piece.text for piece in pieces if piece.change is not Change.ADDED) == before
    assert "".join(piece.text for piece in pieces if piece.change is not Change.REMOVED) == after
    assert all(piece.text for piece in pieces)


@given(st.lists(st.sampled_from([f"Rule {n} holds." for n in range(9)]), unique=True), st.data())
def test_a_text_that_only_gained_sentences_has_no_removed_word(sentences, data):
    gained = list(sentences)
    for number in range(data.draw(st.integers(0, 4))):
        gained.insert(data.draw(st.integers(0, len(gained))), f"New sentence {number} here.")
    pieces = difference("\n".join(sentences), "\n".join(gained))
    assert not "".join(piece.text for piece in pieces if piece.change is Change.REMOVED).strip()
