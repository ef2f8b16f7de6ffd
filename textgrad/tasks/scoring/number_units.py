"""Units behind a number: km, cm², m/s^2, °C, dollars, -year, %."""

from textgrad.tasks.scoring.number_cursor import CLOSING, SIGNS, Cursor
from textgrad.tasks.scoring.number_tokens import names

_SQUARED = ("m2", "m3", "cm2", "cm3", "km2", "mm2", "ft2", "ft3")
_NOT_UNITS = names(
    "a an and are as at be because been before but by each equals every for from gives had has have he if in is it left"
    " less minus mod more not of on or out over per plus she since so than that the then there they this times to was"
    " we were what when where which while who will with yes no"
)


class UnitReader(Cursor):
    """Read units from tokens."""

    def percent_length(self) -> int:
        """Return how many tokens a percent sign takes here, 0 if there is none."""
        if self.text() == "per" and self.text(1) == "cent":
            return 2
        return int(self.text() in ("%", "percent", "percentage"))

    def read_unit(self) -> str:
        """Read a unit such as km, cm², m/s, °C and -year, and return its first word, or ""."""
        is_hyphenated = self.text() == "-" and not self.is_spaced() and not self.is_spaced(1) and self.kind(1) == "word"
        self.position += is_hyphenated
        degrees = "°" if self.text() == "°" else ""
        self.position += bool(degrees)
        word = self.text().lower()
        if self.kind() == "word" and (word in _SQUARED or not self._is_no_unit()):
            self.position += 1
            if self.text() == "^" or self.kind() == "super":
                self._skip_exponent()
        else:
            word = degrees
        if self.text() == "/" and self.kind(1) == "word" and not self.is_variable(1) and (word or not self.begins(1)):
            self.position += 2
            word = word or "rate"
            if self.text() == "^" or self.kind() == "super":
                self._skip_exponent()
        return word

    def _is_no_unit(self) -> bool:
        has_index = any(character.isdigit() or character == "_" for character in self.text())
        is_power = self.text(1) == "^" and len(self.text()) == 1 and self.text() not in "ms"
        return has_index or is_power or self.text().lower() in _NOT_UNITS or self.is_operator() or self.is_function()

    def _skip_exponent(self) -> None:
        is_super = self.kind() == "super"
        self.position += 1
        if not is_super:
            self.position += self.text() in SIGNS
            self.position = (
                self.group_end(self.position) if self.text() in CLOSING else self.position + bool(self.text())
            )
