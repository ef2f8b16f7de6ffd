"""Evaluate a formula in Python's notation by walking its syntax tree; nothing but arithmetic is ever executed."""

import ast
import cmath
import math
import operator
from collections.abc import Callable, Mapping

CONSTANTS = {"pi": complex(math.pi), "e": complex(math.e), "i": 1j}
FUNCTIONS: dict[str, Callable[[complex], complex]] = {
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
_CALLABLE = {**FUNCTIONS, "C": complex}  # C(2) is the complex number 2
_BINARY: dict[type[ast.operator], Callable[[complex, complex], complex]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[complex], complex]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}


class Formula:
    """A formula of numbers, variables, + - * / **, and `FUNCTIONS` of one argument.

    Args:
        text: such as "sin(v_x)**C(2)".

    Attributes:
        names: of its variables.

    Raises:
        ValueError: the text is not such a formula.
    """

    def __init__(self, text: str):
        try:
            self._tree = ast.parse(text, mode="eval").body
        except (SyntaxError, MemoryError, RecursionError) as error:
            raise ValueError(f"not a formula: {text[:80]!r}") from error
        self.names = {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)} - set(_CALLABLE)

    def value(self, values: Mapping[str, complex]) -> complex:
        """Return the formula's value, given the values of its variables.

        Raises:
            ArithmeticError, ValueError, TypeError, RecursionError: it has no value there.
        """
        return complex(_evaluate(self._tree, values))


def _evaluate(node: ast.expr, values: Mapping[str, complex]) -> complex:
    match node:
        case ast.Constant(value=int() | float() | complex() as number):
            return number
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_evaluate(left, values), _evaluate(right, values))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_evaluate(operand, values))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _CALLABLE:
            return _CALLABLE[name](_evaluate(argument, values))
    raise ValueError(f"{ast.unparse(node)[:80]!r} is not part of a formula")
