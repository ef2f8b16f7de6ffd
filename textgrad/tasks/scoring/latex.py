r"""Do two formulas in LaTeX mean the same? Decided by their values at a few fixed points.

That needs no computer algebra, cannot run on for ever, and gives the same verdict at every run. A formula is rewritten
as a Python expression of complex numbers: `\frac{x^2}{2}` becomes `((v_x**C(2))/(C(2)))`.
"""

import cmath
import math
import re
from collections.abc import Iterator

_LONGEST = 2000  # characters
_POINTS = 4
_SPACING = re.compile(r"\\(?:left|right|displaystyle|limits|q?quad|[Bb]igg?[lr]?)(?![A-Za-z])|\\[,;:! ]|[$~]|\s+")
_REWRITTEN = (  # innermost braces first, again and again
    (re.compile(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\sqrt\s*\[([^\[\]{}]*)\]\s*\{([^{}]*)\}"), r"((\2)^(1/(\1)))"),
    (re.compile(r"\\sqrt\s*\{([^{}]*)\}"), r"sqrt(\1)"),
    (re.compile(r"(?<=[_^])\s*\{([^{}]*)\}"), r"(\1)"),
    (re.compile(r"\\frac\s*(\w)\s*(\w)"), r"(\1/\2)"),
    (re.compile(r"\|([^|]*)\|"), r"abs(\1)"),
)
_FUNCTIONS = {
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "sinh": cmath.sinh,
    "cosh": cmath.cosh,
    "tanh": cmath.tanh,
    "arcsin": cmath.asin,
    "arccos": cmath.acos,
    "arctan": cmath.atan,
    "ln": cmath.log,
    "log": cmath.log,
    "exp": cmath.exp,
    "sqrt": cmath.sqrt,
    "sec": lambda z: 1 / cmath.cos(z),
    "csc": lambda z: 1 / cmath.sin(z),
    "cot": lambda z: 1 / cmath.tan(z),
    "abs": abs,
}
_INVERSE = {"sin": "arcsin", "cos": "arccos", "tan": "arctan"}
_CONSTANTS = {"pi": complex(math.pi), "e": complex(math.e), "i": 1j}
_TOKEN = re.compile(
    rf"\\?(?P<function>{'|'.join(sorted(_FUNCTIONS, key=len, reverse=True))})(?![a-z])"
    r"|\\?(?P<constant>pi(?![a-z])|(?<!\\)[ei](?!_))"
    r"|(?P<name>(?:\\[A-Za-z]+|[A-Za-z])(?:_\(?\w+\)?)?)"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<other>\S)"
)


def equivalent(left: str, right: str) -> bool:
    """True where two formulas are written alike, or have the same value wherever they were tried.

    Of an equation the right side counts, of an integral the constant "+ C" does not; a list has to agree part by part.
    """
    left, right = _bare(left), _bare(right)
    if left == right:
        return bool(left)
    ours, theirs = _parts(left), _parts(right)
    if len(ours) == len(theirs) == 1:
        return _same_values(left, right)
    return len(ours) == len(theirs) and all(map(equivalent, ours, theirs))


def _bare(text: str) -> str:
    text = re.sub(r"\\[dt]frac", r"\\frac", text[:_LONGEST]).replace("**", "^").replace("−", "-")
    text = re.sub(r"\\(?:text|mathrm|operatorname)\s*\{([^{}]*)\}", r"\1", _SPACING.sub(" ", text))
    text = re.sub(r"\\(?:cdot|times)(?![A-Za-z])", "*", text).replace("\\div", "/").rpartition("=")[2].strip(" .")
    text = re.sub(r"(?<=\d)(?:,|\{,\})(?=\d{3}(?!\d))", "", text)
    return re.sub(r"\s*\+\s*C$", "", re.sub(r"\s+", " ", text)).strip()


def _parts(text: str) -> list[str]:
    """What commas outside all brackets separate; one pair of brackets around a whole list is taken off."""
    inner = re.fullmatch(r"(?:\\\{|[(\[])(.*,.*)(?:\\\}|[)\]])", text)
    parts, depth = [""], 0
    for character in inner[1] if inner else text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _same_values(left: str, right: str) -> bool:
    try:
        formulas = [compile(_python(text), "formula", "eval") for text in (left, right)]
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    names = sorted({name for formula in formulas for name in formula.co_names if name.startswith("v_")})
    pairs = [pair for point in range(_POINTS) for pair in _values(formulas, names, point)]
    return bool(pairs) and all(cmath.isclose(*pair, rel_tol=1e-8, abs_tol=1e-10) for pair in pairs)


def _values(formulas: list, names: list[str], point: int) -> Iterator[tuple[complex, complex]]:
    """The values of two formulas at one point, where both have one."""
    where = {name: complex(0.37 + math.sin(1 + 7 * place + 13 * point) ** 2) for place, name in enumerate(names)}
    try:
        # safe: both are made of the tokens below, so they hold nothing but numbers, these functions and operators
        one, other = (eval(formula, {"__builtins__": {}, "C": complex, **_FUNCTIONS}, where) for formula in formulas)
    except (ArithmeticError, ValueError, TypeError, RecursionError):  # outside the domain, or too large
        return
    yield complex(one), complex(other)


def _python(text: str) -> str:
    """A formula as a Python expression.

    Raises:
        ValueError: it holds something else.
    """
    before = None
    while text != before:
        before = text
        for pattern, instead in _REWRITTEN:
            text = pattern.sub(instead, text)
    return _joined(list(_TOKEN.finditer(text.replace("\\{", "(").replace("\\}", ")"))))


def _joined(tokens: list[re.Match]) -> str:
    """The tokens with the multiplication signs and the brackets that mathematicians leave out."""
    written, place, multiplies = "", 0, False
    while place < len(tokens):
        token = tokens[place]
        operand, place = (_function if token["function"] else _plain)(tokens, place)
        opens = operand[0].isalnum() or operand[0] == "("
        written += ("*" if multiplies and opens else "") + operand
        multiplies = operand[-1].isalnum() or operand[-1] == ")"
    return written


def _plain(tokens: list[re.Match], place: int) -> tuple[str, int]:
    token = tokens[place]
    if token["number"]:
        return f"C({token['number']})", place + 1
    if token["constant"]:
        return f"C({_CONSTANTS[token['constant']]!r})", place + 1
    if token["name"]:
        return "v_" + re.sub(r"\W", "", token["name"]), place + 1
    sign = {"{": "(", "[": "(", "}": ")", "]": ")", "^": "**"}.get(token[0], token[0])
    if sign not in ("(", ")", "+", "-", "*", "/", "**"):
        raise ValueError(f"{sign!r} is no part of a formula")
    return sign, place + 1


def _function(tokens: list[re.Match], place: int) -> tuple[str, int]:
    """A function, its power if it has one (as in sin^2 x), and what it is applied to."""
    name, power = tokens[place]["function"], ""
    place += 1
    if place < len(tokens) and tokens[place][0] == "^":
        power, place = _group(tokens, place + 1)
        if power == "(-C(1))":
            name, power = _INVERSE.get(name, name), ""
    if place < len(tokens) and tokens[place][0] in "({[":
        argument, place = _group(tokens, place)
    else:
        argument, place = _run(tokens, place)
    if not argument:
        raise ValueError(f"{name} of nothing")
    # C(0)+ turns a negative zero, which unary minus makes, into the side of the branch cut that people mean
    return f"{name}(C(0)+{argument})" + (f"**({power})" if power else ""), place


def _group(tokens: list[re.Match], place: int) -> tuple[str, int]:
    """One token, or all of a pair of brackets."""
    depth, end = 0, place
    while end < len(tokens):
        depth += (tokens[end][0] in "({[") - (tokens[end][0] in ")}]")
        end += 1
        if depth == 0:
            break
    return _joined(tokens[place:end]), end


def _run(tokens: list[re.Match], place: int) -> tuple[str, int]:
    """Numbers and letters side by side, with their powers: what sin 2x^2 is the sine of."""
    end = place
    while end < len(tokens) and (
        tokens[end]["number"] or tokens[end]["name"] or tokens[end]["constant"] or tokens[end][0] == "^"
    ):
        end = _group(tokens, end + 1)[1] if tokens[end][0] == "^" else end + 1
    return _joined(tokens[place:end]), end
