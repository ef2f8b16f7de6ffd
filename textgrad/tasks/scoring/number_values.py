"""Values of a formula's parts, and the rules by which operations combine them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

SIMPLE = ("integer", "decimal")


class Either(Fraction):
    """A number that may also be read as another one: 50 % as 0.5, 7 dozen as 84."""

    other: Fraction


def either(value: Fraction, other: Fraction) -> Either:
    """Return a number that may be read in two ways."""
    number = Either(value)
    number.other = other
    return number


def negated(value: Fraction) -> Fraction:
    """Return a number with the other sign."""
    return either(-Fraction(value), -value.other) if isinstance(value, Either) else -value


@dataclass(frozen=True)
class Value:
    """The value of a part of a formula.

    Attributes:
        number: None if the part is not understood.
        form: "integer" and "decimal" for literals, "fraction" for a quotient of two literals, "power of ten",
            "irrational" for roots and π, "closed" for other forms that cannot be simplified, else "calculation".
        unit: the word after the number, in lower case, or "".
    """

    number: Fraction | None
    form: str = "closed"
    unit: str = ""

    @property
    def is_answer(self) -> bool:
        """True if it is understood and not a calculation, such as 5 - 3, that may as well be a range."""
        return self.number is not None and self.form != "calculation"

    def map(self, function: Callable[[Fraction], Fraction | None], form: str = "closed") -> "Value":
        """Return the value of a function of this part; a calculation remains one."""
        number = None if self.number is None else function(self.number)
        return replace(self, number=number, form="calculation" if self.form == "calculation" else form)


UNKNOWN = Value(None)


def total(left: Value, right: Value, sign: str) -> Value:
    """Return the sum or difference of two values, unknown for "±"."""
    known = {"+": lambda a, b: a + b, "-": lambda a, b: a - b}.get(sign, lambda a, b: None)
    return _combined(left, right, known, "calculation")


def product(left: Value, right: Value) -> Value:
    """Return the product of two values; 5 * 10^3 is a decimal, 2√3 irrational, 2 * 3 a calculation."""
    is_scientific = left.form in SIMPLE and right.form == "power of ten"
    return _combined(left, right, lambda a, b: a * b, "decimal" if is_scientific else "calculation")


def quotient(left: Value, right: Value) -> Value:
    """Return the quotient of two values; 3/4 is a fraction, 1/2/3 a calculation."""
    is_fraction = left.form in SIMPLE and right.form in SIMPLE
    return _combined(left, right, lambda a, b: a / b if b else None, "fraction" if is_fraction else "calculation")


def _combined(left: Value, right: Value, function: Callable[[Fraction, Fraction], Fraction | None], form: str) -> Value:
    if left.number is None or right.number is None:
        return UNKNOWN
    if left.unit:
        form = "calculation"
    elif "irrational" in (left.form, right.form):
        form = "irrational"
    return Value(function(Fraction(left.number), Fraction(right.number)), form, right.unit)
