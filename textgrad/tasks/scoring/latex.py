r"""Decide whether two LaTeX formulas are equivalent, by their values at a few fixed points.

This needs no computer algebra, always ends, and gives the same result in every run. A formula is rewritten with
Python's operators (`\frac{x^2}{2}` becomes `((v_x**C(2))/(C(2)))`), then parsed and evaluated by `formula`.
"""

import cmath
import math
import re
from collections.abc import Iterator

from textgrad.tasks.scoring.formula import CONSTANTS, FUNCTIONS, Formula

_MAX_LENGTH = 2000  # characters
_POINTS = 4
_SPACING = re.compile(r"\\(?:left|right|displaystyle|limits|q?quad|[Bb]igg?[lr]?)(?![A-Za-z])|\\[,;:! ]|[$~]|\s+")
_REWRITTEN = (  # innermost braces first, repeatedly
    (re.compile(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\sqrt\s*\[([^\[\]{}]*)\]\s*\{([^{}]*)\}"), r"((\2)^(1/(\1)))"),
    (re.compile(r"\\sqrt\s*\{([^{}]*)\}"), r"sqrt(\1)"),
    (re.compile(r"(?<=[_^])\s*\{([^{}]*)\}"), r"(\1)"),
    (re.compile(r"\\frac\s*(\w)\s*(\w)"), r"(\1/\2)"),
    (re.compile(r"\|([^|]*)\|"), r"abs(\1)"),
)
_INVERSE = {"sin": "arcsin", "cos": "arccos", "tan": "arctan"}
_TOKEN = re.compile(
    rf"\\?(?P<function>{'|'.join(sorted(FUNCTIONS, key=len, reverse=True))})(?![a-z])"
    r"|\\?(?P<constant>pi(?![a-z])|(?<!\\)[ei](?!_))"
    r"|(?P<name>(?:\\[A-Za-z]+|[A-Za-z])(?:_\(?\w+\)?)?)"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<other>\S)"
)


def equivalent(left: str, right: str) -> bool:
    """Return True if two formulas have the same text, or the same value at all points.

    Only the right side of an equation counts. The constant "+ C" of an integral is ignored. Lists are compared item by
    item.
    """
    left, right = _simplify(left), _simplify(right)
    if left == right:
        return bool(left)
    left_items, right_items = _items(left), _items(right)
    if len(left_items) == len(right_items) == 1:
        return _same_values(left, right)
    return len(left_items) == len(right_items) and all(map(equivalent, left_items, right_items))


def _simplify(text: str) -> str:
    text = re.sub(r"\\[dt]frac", r"\\frac", text[:_MAX_LENGTH]).replace("**", "^").replace("−", "-")
    text = re.sub(r"\\(?:text|mathrm|operatorname)\s*\{([^{}]*)\}", r"\1", _SPACING.sub(" ", text))
    text = re.sub(r"\\(?:cdot|times)(?![A-Za-z])", "*", text).replace("\\div", "/").rpartition("=")[2].strip(" .")
    text = re.sub(r"(?<=\d)(?:,|\{,\})(?=\d{3}(?!\d))", "", text)
    return re.sub(r"\s*\+\s*C$", "", re.sub(r"\s+", " ", text)).strip()


def _items(text: str) -> list[str]:
    """Split at the commas outside all brackets; one pair of brackets around the whole list is removed."""
    inner = re.fullmatch(r"(?:\\\{|[(\[])(.*,.*)(?:\\\}|[)\]])", text)
    items, depth = [""], 0
    for character in inner[1] if inner else text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            items.append("")
        else:
            items[-1] += character
    return items


def _same_values(left: str, right: str) -> bool:
    try:
        formulas = [Formula(_rewrite(text)) for text in (left, right)]
    except ValueError:
        return False
    names = sorted({name for formula in formulas for name in formula.names})
    pairs = [pair for point in range(_POINTS) for pair in _values(formulas, names, point)]
    return bool(pairs) and all(cmath.isclose(*pair, rel_tol=1e-8, abs_tol=1e-10) for pair in pairs)


def _values(formulas: list[Formula], names: list[str], point: int) -> Iterator[tuple[complex, complex]]:
    """Yield the values of two formulas at one point, if both have one."""
    values = {name: complex(0.37 + math.sin(1 + 7 * index + 13 * point) ** 2) for index, name in enumerate(names)}
    try:
        left, right = (formula.value(values) for formula in formulas)
    except (ArithmeticError, ValueError, TypeError, RecursionError):  # outside the domain, or too large
        return
    yield left, right


def _rewrite(text: str) -> str:
    """Return a formula with Python's operators.

    Raises:
        ValueError: the text is not a formula.
    """
    before = None
    while text != before:
        before = text
        for pattern, replacement in _REWRITTEN:
            text = pattern.sub(replacement, text)
    return _join(list(_TOKEN.finditer(text.replace("\\{", "(").replace("\\}", ")"))))


def _join(tokens: list[re.Match]) -> str:
    """Return the tokens with the multiplication signs and brackets that mathematical notation omits."""
    written, position, after_operand = "", 0, False
    while position < len(tokens):
        token = tokens[position]
        part, position = (_function if token["function"] else _single)(tokens, position)
        is_operand = part[0].isalnum() or part[0] == "("
        written += ("*" if after_operand and is_operand else "") + part
        after_operand = part[-1].isalnum() or part[-1] == ")"
    return written


def _single(tokens: list[re.Match], position: int) -> tuple[str, int]:
    token = tokens[position]
    if token["number"]:
        return f"C({token['number']})", position + 1
    if token["constant"]:
        return f"C({CONSTANTS[token['constant']]!r})", position + 1
    if token["name"]:
        return "v_" + re.sub(r"\W", "", token["name"]), position + 1
    sign = {"{": "(", "[": "(", "}": ")", "]": ")", "^": "**"}.get(token[0], token[0])
    if sign not in ("(", ")", "+", "-", "*", "/", "**"):
        raise ValueError(f"{sign!r} is not part of a formula")
    return sign, position + 1


def _function(tokens: list[re.Match], position: int) -> tuple[str, int]:
    """Return a function with its power, if any (as in sin^2 x), and its argument."""
    name, power = tokens[position]["function"], ""
    position += 1
    if position < len(tokens) and tokens[position][0] == "^":
        power, position = _group(tokens, position + 1)
        if power == "(-C(1))":
            name, power = _INVERSE.get(name, name), ""
    if position < len(tokens) and tokens[position][0] in "({[":
        argument, position = _group(tokens, position)
    else:
        argument, position = _run(tokens, position)
    if not argument:
        raise ValueError(f"{name} has no argument")
    # C(0)+ turns a negative zero, the result of a unary minus, into the expected side of the branch cut
    return f"{name}(C(0)+{argument})" + (f"**({power})" if power else ""), position


def _group(tokens: list[re.Match], position: int) -> tuple[str, int]:
    """Return one token, or a pair of brackets with its content."""
    depth, end = 0, position
    while end < len(tokens):
        depth += (tokens[end][0] in "({[") - (tokens[end][0] in ")}]")
        end += 1
        if depth == 0:
            break
    return _join(tokens[position:end]), end


def _run(tokens: list[re.Match], position: int) -> tuple[str, int]:
    """Return adjacent numbers and letters with their powers, such as the argument 2x^2 of sin 2x^2."""
    end = position
    while end < len(tokens) and (
        tokens[end]["number"] or tokens[end]["name"] or tokens[end]["constant"] or tokens[end][0] == "^"
    ):
        end = _group(tokens, end + 1)[1] if tokens[end][0] == "^" else end + 1
    return _join(tokens[position:end]), end
