"""Look ahead in tokens: where a number, a variable, a function or an operator stands."""

from textgrad.tasks.scoring.number_tokens import Token, names

FRACTIONS = ("\\frac", "\\dfrac", "\\tfrac", "\\cfrac")
ROOTS = ("\\sqrt", "√", "sqrt")
PI = ("\\pi", "π", "pi")
SIGNS = ("+", "-", "\\pm", "\\mp", "±", "∓")
PREFIXES = (*SIGNS, "minus", "negative")
TIMES = ("*", "\\times", "\\cdot", "\\ast", "x", "X", "times", "multiplied")
DIVIDED = ("/", "\\div", "divided")
OPERATORS = (*TIMES, *DIVIDED, "plus", "minus", "choose", "mod", "modulo")
CLOSING = {"(": ")", "[": "]", "{": "}"}
EQUALS = ("=", "==", "\\approx", "\\sim", "\\simeq", "\\cong", "\\equiv")
BOUNDS: tuple[str, ...] = ("<", ">", "<=", ">=", "!=", "≤", "≥", "≠", "≮", "≯", "⩽", "⩾")
BOUNDS += ("\\le", "\\leq", "\\ge", "\\geq", "\\ne", "\\neq", "\\lt", "\\gt", "\\leqslant", "\\geqslant")
_SEPARATORS = (
    "ldots dots cdots Rightarrow implies to therefore rightarrow in begin end boxed fbox longrightarrow because"
)
_PUNCTUATION = tuple(
    f"\\{name}" for name in f"{_SEPARATORS} Longrightarrow checkmark hline qed square blacksquare".split()
)
_FUNCTIONS = names(
    "sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan log ln lg exp abs floor ceil max min gcd lcm"
)
_VARIABLES = frozenset("xyzni")  # after white space
_ATTACHED = frozenset("abeijnoqruvwxyz")  # directly behind a number; other letters are units, as in 5m
_MAX_PREFIXES = 10  # signs and opening brackets before a number
_MAX_GROUP = 200  # tokens between two brackets


class Cursor:
    """A position in tokens.

    Args:
        tokens: of one text.

    Attributes:
        position: of the next token.
    """

    def __init__(self, tokens: list[Token]):
        self.tokens = tokens
        self.position = 0

    def text(self, ahead: int = 0) -> str:
        """Return a token's text, or "" outside the text and at the end of a line."""
        position = self.position + ahead
        if not 0 <= position < len(self.tokens) or self.tokens[position].kind == "newline":
            return ""
        return self.tokens[position].text

    def kind(self, ahead: int = 0) -> str:
        """Return a token's kind, or "" outside the text."""
        position = self.position + ahead
        return self.tokens[position].kind if 0 <= position < len(self.tokens) else ""

    def is_spaced(self, ahead: int = 0) -> bool:
        """Return True if white space, or nothing, stands before a token."""
        position = self.position + ahead
        return position >= len(self.tokens) or self.tokens[position].spaced

    def begins(self, ahead: int = 0) -> bool:
        """Return True if a part of a formula begins at a token: a number, or something that is not understood."""
        ahead = self._behind_prefixes(ahead)
        kind, text = self.kind(ahead), self.text(ahead)
        if kind == "command":
            return text not in EQUALS + BOUNDS + OPERATORS + _PUNCTUATION
        if kind == "word":
            return self._is_in_formula(ahead)
        return kind in ("number", "vulgar") or text in ROOTS + PI

    def is_operand(self, ahead: int = 0) -> bool:
        """Return True if a number, a root or a variable begins at a token."""
        ahead = self._behind_prefixes(ahead)
        return (
            self.kind(ahead) in ("number", "vulgar")
            or self.text(ahead) in ROOTS + PI + FRACTIONS
            or self.is_variable(ahead)
        )

    def _behind_prefixes(self, ahead: int) -> int:
        """Return the first token that is neither a sign nor an opening bracket, or one too far away."""
        end = ahead + _MAX_PREFIXES
        while ahead < end and (self.text(ahead) in PREFIXES or self.text(ahead) in CLOSING):
            ahead += 1
        return ahead

    def is_variable(self, ahead: int = 0) -> bool:
        """Return True for a letter that is not a unit, perhaps with an index: the x in 2x, 2 x_1 and x^2."""
        letters = _VARIABLES if self.is_spaced(ahead) else _ATTACHED
        text = self.text(ahead)
        return self.kind(ahead) == "word" and text[0] in letters and not text[1:].isalpha()

    def is_function(self, ahead: int = 0) -> bool:
        """Return True for the name of a function of a number."""
        return self.kind(ahead) == "word" and self.text(ahead).lower().partition("_")[0] in _FUNCTIONS

    def is_operator(self, ahead: int = 0) -> bool:
        """Return True for an operator, in signs or words, between two operands."""
        length = 2 if self.text(ahead + 1) == "by" else 1
        return self.text(ahead) in OPERATORS and self.begins(ahead + length)

    def _is_in_formula(self, ahead: int) -> bool:
        """Return True for a word that belongs to a formula: a function, or x in "x^2", "x - 5" and "f(5)"."""
        text, after = self.text(ahead), self.text(ahead + 1)
        is_tight = not self.is_spaced(ahead + 1)
        if text in ROOTS + PI or (self.is_function(ahead) and self.is_operand(ahead + 1)):
            return True
        if after == "(" and is_tight:
            return self.is_operand(ahead + 1) or len(text) == 1
        if after == "-" and is_tight == self.is_spaced(ahead + 2):  # "is -5" has a sign, "so- 5" a dash
            return False
        if not "a" <= text[0].lower() <= "z":  # a word before a number without a space, as in Chinese
            return False
        return after in ("+", "-", "*", "/", "^", "**", "\\times", "\\cdot") and self.is_operand(ahead + 2)

    def group_end(self, start: int) -> int:
        """Return the position behind the bracket that closes the one at `start`, or behind this one if none does."""
        opening, depth = self.tokens[start].text, 0
        for position in range(start, min(start + _MAX_GROUP, len(self.tokens))):
            text = self.tokens[position].text
            depth += (text == opening) - (text == CLOSING[opening])
            if depth == 0:
                return position + 1
        return start + 1
