r"""A grammar of numbers: read one value from tokens, by recursive descent.

    sum      = product {("+" | "-") product}
    product  = signed {("*" | "/") signed | power | unit}
    signed   = {"+" | "-"} power
    power    = atom {"!" | "%" | "^" exponent}
    atom     = literal [fraction] [scale] | ½ | \frac{sum}{sum} | \sqrt[sum]{sum} | π | "(" sum ")"

What the grammar does not know (a variable, another function) is read to its end and makes the whole value unknown:
nothing that is only partly understood has a value.
"""

import operator
import unicodedata
from dataclasses import replace
from fractions import Fraction
from functools import partial

from textgrad.tasks.scoring import number_math, number_values
from textgrad.tasks.scoring.number_cursor import CLOSING, DIVIDED, FRACTIONS, PI, PREFIXES, ROOTS, SIGNS
from textgrad.tasks.scoring.number_tokens import literal
from textgrad.tasks.scoring.number_units import UnitReader
from textgrad.tasks.scoring.number_values import UNKNOWN, Value, either, negated
from textgrad.tasks.scoring.number_words import DOZEN, SCALES

_MAX_DEPTH = 15  # of nested brackets and signs
_LETTER_SCALES = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "bn": 10**9}  # directly behind a number


class Parser(UnitReader):
    """Read values from tokens."""

    _depth = 0

    def read(self) -> Value | None:
        """Return the value that begins at the position and move behind it, or return None."""
        if not self.begins():
            return None
        start, self._depth = self.position, 0
        value = self._sum()
        self.position = max(self.position, start + 1)
        return value

    def _sum(self) -> Value:
        value = self._product()
        while True:
            sign = {"plus": "+", "minus": "-"}.get(self.text(), self.text())
            if sign not in SIGNS or not self.begins(1):
                return value
            self.position += 1
            value = number_values.total(value, self._product(), sign)

    def _product(self) -> Value:
        value = self._signed()
        while True:
            if self.text() not in ("plus", "minus") and self.is_operator():
                sign = self.text()
                self.position += 2 if self.text(1) == "by" else 1
                right = self._signed()
                if sign in ("choose", "mod", "modulo"):
                    value = UNKNOWN
                else:
                    value = (number_values.quotient if sign in DIVIDED else number_values.product)(value, right)
            elif self._is_factor():
                value = number_values.product(value, self._power())
            elif not value.unit and (unit := self.read_unit()):
                value = replace(value, unit=unit)
            else:
                return value

    def _is_factor(self) -> bool:
        """Return True if the next token multiplies what precedes it without a sign, as in 2√3, 2(3) and (1+2)x."""
        if self.kind() == "command" or self.text() in ROOTS + PI:
            return self.begins() and self.text() not in SIGNS
        if self.is_variable():
            return True
        is_tight = not self.is_spaced() and self.begins()
        return is_tight and (self.kind() in ("number", "vulgar") or self.text() == "(")

    def _signed(self) -> Value:
        sign = self.text()
        if sign not in PREFIXES:
            return self._power()
        self.position += 1
        self._depth += 1
        value = self._signed() if self._depth < _MAX_DEPTH else UNKNOWN
        self._depth -= 1
        if sign in ("-", "minus", "negative"):
            return value.map(negated, value.form)
        return value if sign == "+" else UNKNOWN

    def _power(self) -> Value:
        value = self._atom()
        while True:
            if self.kind() == "super" or self.text() in ("^", "**"):
                exponent = self._exponent()
                form = "power of ten" if value.form == "integer" and value.number == 10 else "closed"
                known = exponent.number
                value = UNKNOWN if known is None else value.map(partial(number_math.power, exponent=known), form)
            elif self.text() == "!" and not self.is_spaced():
                self.position += 1
                value = UNKNOWN if self.text() == "!" else value.map(number_math.factorial)
            elif length := self.percent_length():
                self.position += length
                value = value.map(lambda number: either(number, number / 100))
            else:
                return value

    def _exponent(self) -> Value:
        is_super, digits = self.kind() == "super", self.text()
        self.position += 1
        if not is_super:
            return self._signed() if self.text() in SIGNS else self._argument()
        number = literal(unicodedata.normalize("NFKC", digits).lstrip("+-−"))
        return UNKNOWN if number is None else Value(-number if digits[0] == "⁻" else number)

    def _atom(self) -> Value:
        kind, text = self.kind(), self.text()
        is_function = self.is_function()
        if text in CLOSING:
            return self._group()
        self.position += 1
        if kind == "number":
            return self._literal(text)
        if kind == "vulgar":
            return Value(_vulgar(text), "fraction")
        if text in PI:
            return Value(number_math.PI, "irrational")
        if text in FRACTIONS:
            over, under = self._argument(), self._argument()
            value = number_values.quotient(over, under)
            return replace(value, form="closed" if value.form == "calculation" else value.form)
        if text in ROOTS:
            return self._root()
        self._skip_arguments(kind == "command" or is_function)
        return UNKNOWN

    def _skip_arguments(self, is_function: bool) -> None:
        while self.text() in CLOSING and (is_function or not self.is_spaced()):
            self.position = self.group_end(self.position)
        if is_function and self.is_operand() and self._depth < _MAX_DEPTH:
            self._depth += 1
            self._signed()
            self._depth -= 1

    def _literal(self, text: str) -> Value:
        number = literal(text)
        if self.text() == "." and self.text(1)[:1] in ("(", "\\"):  # 0.(3) repeats
            self.position += 1
            return UNKNOWN
        is_integer = text.isdecimal()
        if is_integer and self._mixes():
            self.position += self.text() == "and"
            part = self._fraction()
            is_proper = number is not None and part.number is not None and 0 < part.number < 1
            return Value(number + part.number) if is_proper else UNKNOWN  # type: ignore[operator]
        value = Value(number, "integer" if is_integer else "decimal")
        while self.kind() == "word" and (scale := self._scale()):
            value = value.map(partial(operator.mul, Fraction(scale)), "decimal")
            self.position += 1
        if self.text().lower() in DOZEN:
            self.position += 1
            return replace(value.map(lambda number: either(number, number * 12), "decimal"), unit="dozen")
        return value

    def _mixes(self) -> bool:
        """Return True if a fraction follows that makes a mixed number of an integer: 2 1/2, 2½, 2 and 1/2."""
        ahead = int(self.text() == "and")
        if self.kind(ahead) == "vulgar":
            return True
        if self.text() in FRACTIONS:
            return True
        is_fraction = self.text(ahead + 1) == "/" and self.text(ahead).isdecimal() and self.text(ahead + 2).isdecimal()
        return is_fraction and self.is_spaced(ahead) and int(self.text(ahead)) < int(self.text(ahead + 2))

    def _fraction(self) -> Value:
        if self.kind() != "number":
            value = self._atom()
            return value if value.form == "fraction" else UNKNOWN
        over, under = literal(self.text()), literal(self.text(2))
        self.position += 3
        return UNKNOWN if over is None or not under or self.text() == "/" else Value(over / under, "fraction")

    def _scale(self) -> int:
        if not self.is_spaced() and self.text() in _LETTER_SCALES:
            return _LETTER_SCALES[self.text()]
        return SCALES.get(self.text().lower(), 0)

    def _root(self) -> Value:
        degree = self._group() if self.text() == "[" else Value(Fraction(2))
        radicand = self._argument()
        if not degree.number or radicand.number is None:
            return UNKNOWN
        return Value(number_math.power(Fraction(radicand.number), 1 / Fraction(degree.number)), "irrational")

    def _argument(self) -> Value:
        """Return the value of a group or of a single atom."""
        if self.text() in CLOSING:
            value = self._group()
            return replace(value, form="closed") if value.form == "calculation" else value
        if not self.begins() or self._depth >= _MAX_DEPTH:
            self.position += bool(self.text()) and self.text() not in CLOSING.values()
            return UNKNOWN
        self._depth += 1
        value = self._atom()
        self._depth -= 1
        return value

    def _group(self) -> Value:
        start, closing = self.position, CLOSING[self.text()]
        self.position += 1
        if self._depth < _MAX_DEPTH and self.begins():
            self._depth += 1
            value = self._sum()
            self._depth -= 1
            if self.text() == closing:
                self.position += 1
                return value
        self.position = max(self.position, self.group_end(start))
        return UNKNOWN


def _vulgar(text: str) -> Fraction:
    return Fraction(unicodedata.numeric(text)).limit_denominator(100)
