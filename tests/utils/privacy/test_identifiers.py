"""Identifiers of private texts, and their occurrences in other texts."""

from utils.privacy.identifiers import Identifier, Kind, identifiers
from utils.privacy.normalized_text import NormalizedText, Words


def test_identifiers_have_their_kind_and_appear_once():
    found = identifiers(["Write to Zofia at clerk@example.org, code 90417755.", "The code is 90417755."])
    assert [(each.kind, each.text) for each in found] == [
        (Kind.SECRET, "clerk@example.org"),
        (Kind.NUMBER, "90417755"),
        (Kind.NAME, "Zofia"),
    ]


def test_an_identifier_is_found_at_its_original_position():
    text = "Ask Żółw, or zolw!"
    spans = Identifier(Kind.NAME, "zołw", "Żółw").find_in(NormalizedText(text))
    assert [text[start:end] for start, end in spans] == ["Żółw"]


def test_words_are_normalized_and_keep_their_positions():
    text = "ＦＵＬＬ width, Café 三"
    words = Words(text)
    assert words.words == ["full", "width", "cafe", "三"]
    assert [text[start:end] for start, end in words.spans] == ["ＦＵＬＬ", "width", "Café", "三"]
