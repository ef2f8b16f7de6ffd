"""Exact arithmetic on fractions, with roots to 60 digits; nothing here takes long or raises."""

import decimal
import math
from fractions import Fraction

PI = Fraction("3.14159265358979323846264338327950288419716939937510582097494")
_CONTEXT = decimal.Context(prec=60, Emax=10_000, Emin=-10_000)
_MAX_FACTORIAL = 170
_MAX_BITS = 4000  # of a numerator or denominator
_MAX_SNAPPED = 10**9  # denominator of a fraction that a rounded value may stand for
_ROUNDING = Fraction(1, 10**40)


def power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """Return base ** exponent, or None if it is not a real number or too large."""
    if exponent.denominator == 1:
        size = max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent)
        return None if size > _MAX_BITS or (base == 0 and exponent <= 0) else base ** int(exponent)
    if base < 0 and exponent.denominator % 2:  # an odd root
        positive = power(-base, exponent)
        return None if positive is None else positive * (-1) ** exponent.numerator
    if base < 0 or exponent.denominator > 1000 or abs(exponent) > 1000:
        return None
    return Fraction(0) if base == 0 and exponent > 0 else _real_power(base, exponent)


def factorial(value: Fraction) -> Fraction | None:
    """Return the factorial of a whole number, or None if there is none or it is too large."""
    is_whole = value.denominator == 1 and 0 <= value <= _MAX_FACTORIAL
    return Fraction(math.factorial(int(value))) if is_whole else None


def _real_power(base: Fraction, exponent: Fraction) -> Fraction | None:
    with decimal.localcontext(_CONTEXT):
        try:
            rounded = _decimal(base) ** _decimal(exponent)
        except (decimal.DecimalException, ZeroDivisionError):
            return None
        if not rounded.is_finite() or abs(rounded.adjusted()) > 400:
            return None
    value = Fraction(rounded)
    exact = value.limit_denominator(_MAX_SNAPPED)
    return exact if abs(value - exact) <= abs(value) * _ROUNDING else value


def _decimal(value: Fraction) -> decimal.Decimal:
    return decimal.Decimal(value.numerator) / decimal.Decimal(value.denominator)
