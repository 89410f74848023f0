"""A step of a point's state that is written once, for arrays, and also runs as a loop over plain floats.

A round of many rows is one call of the step with arrays. Where rounds are narrow, as when one point sends hours at
once, sixty numpy calls for a row would cost a hundred times what they compute; there the same step runs over the rows
of one point after another as plain floats, in a loop that is derived from its text. Both compute with IEEE 754 doubles,
whose + - * / and sqrt are exactly rounded, and nothing else is allowed, so that both give the same bits.

What a step may be made of, so that it means the same for arrays and for numbers:
- three lines that unpack its state, the row and what is known of the point, and at the end `return (state), (told)`;
- assignments of expressions with + - * /, comparisons, & | ~ between comparisons, and numbers of its module;
- np.where, np.minimum, np.maximum, np.abs, np.sqrt, np.copysign, np.frexp; where one of two zeros is to be the larger
  or smaller it is the second one, so that a constant 0 stands on the right;
- `if condition.any():` around assignments that change nothing where the condition is false;
- `names = function(...)` with a function of its module that is made of the same, and is put in its place;
- no NaN, and no division by 0, not even on the side of a `where` that is not chosen.
"""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.rows import Rows, Slots, Tail
from ganzhi.records import Floats

Columns = Sequence[Any]
"""Arrays or, where the step is run for one row, numbers."""

Step = Callable[[Columns, Columns, Columns], tuple[Columns, Columns]]


class Recurrence:
    """`step(state, row, own) -> (state, told)`: sequences that its first three lines unpack, and two displays."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._loop, self._told = _derived(step)

    def run(
        self, rows: Rows, memory: Floats, given: Sequence[NDArray[Any]], own: Sequence[float | Floats]
    ) -> list[Floats]:
        """Take in the rows; what the step tells of each, float64 (n,) each.

        memory     float64 (m, state), changed in place
        given      what the step reads of each row, (n,) each
        own        what it knows of the points, a number for all or float64 (m,) each
        """
        n = len(rows)
        if rows.narrow == n and len(rows.starts) == 2:
            return self._round(rows.slot, memory, given, own)
        told = [np.empty(n) for _ in range(self._told)]
        for part in rows.wide():
            found = self._round(rows.slot[part], memory, [column[part] for column in given], own)
            for column, new in zip(told, found, strict=True):
                column[part] = new
        if rows.narrow < n:
            self._points(rows.tail, memory, given, own, told)
        return told

    def _round(
        self, slot: Slots, memory: Floats, given: Sequence[NDArray[Any]], own: Sequence[float | Floats]
    ) -> list[Floats]:
        mine = [c.take(slot) if isinstance(c, np.ndarray) else c for c in own]
        with np.errstate(under="ignore"):  # what underflows is 0 for us too
            after, told = self._step(list(memory.take(slot, axis=0).T.copy()), given, mine)
        memory[slot] = np.array(after).T
        return list(told)

    def _points(
        self,
        tail: Tail,
        memory: Floats,
        given: Sequence[NDArray[Any]],
        own: Sequence[float | Floats],
        told: list[Floats],
    ) -> None:
        columns = [column[tail.order].tolist() for column in given]
        found: list[list[float]] = [[] for _ in told]
        mine = [c[tail.slots].tolist() if isinstance(c, np.ndarray) else [c] * len(tail.slots) for c in own]
        after = []
        for k, ((first, end), state) in enumerate(zip(tail.runs(), memory[tail.slots].tolist(), strict=True)):
            rows = [column[first:end] for column in columns]
            after.append(self._loop(state, rows, [c[k] for c in mine], found))
        memory[tail.slots] = after
        for column, new in zip(told, found, strict=True):
            column[tail.order] = new


def _derived(step: Step) -> tuple[Callable[..., Any], int]:
    # The loop over the rows of a point, and how many columns it tells.
    assert isinstance(step, FunctionType)
    parsed = _parsed(step)
    unpack, parsed.body = parsed.body[:3], parsed.body[3:]
    arguments = [a.arg for a in parsed.args.args]
    state, row, own = (ast.unparse(s).removesuffix(f" = {name}") for s, name in zip(unpack, arguments, strict=True))
    plain = _Plain(step, "")
    plain.known |= {n.id: n for s in unpack for n in ast.walk(s) if isinstance(n, ast.Name)}
    body, (after, told) = plain.flat(parsed)
    assert isinstance(after, ast.Tuple) and isinstance(told, ast.Tuple)
    lines = [ast.unparse(statement) for statement in body]
    lines += [f"told_{k}.append({ast.unparse(element)})" for k, element in enumerate(told.elts)]
    if ast.unparse(after) != state:
        lines.append(f"{state} = {ast.unparse(after)}")
    text = f"""
def loop(state, rows, own, told):
    {state} = state
    {own} = own
    [{", ".join(f"told_{k}" for k in range(len(told.elts)))}] = told
    for {row} in zip(*rows):
{textwrap.indent(chr(10).join(lines), " " * 8)}
    return {state}
"""
    made: dict[str, Any] = {"sqrt": math.sqrt, "copysign": math.copysign, "frexp": math.frexp}
    exec(compile(text, f"<{step.__module__}.{step.__qualname__} for plain floats>", "exec"), made)
    return made["loop"], len(told.elts)


def _parsed(function: FunctionType) -> ast.FunctionDef:
    [parsed] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(parsed, ast.FunctionDef)
    return parsed


class _Plain(ast.NodeTransformer):
    """Statements for arrays -> the same for one number; `prefix` keeps the names of an inlined function apart."""

    def __init__(self, function: FunctionType, prefix: str) -> None:
        self._globals = function.__globals__
        self._prefix = prefix
        self.known: dict[str, ast.expr] = {}
        self._count = 0

    def flat(self, function: ast.FunctionDef) -> tuple[list[ast.stmt], list[ast.expr]]:
        """Its statements, and what it returns, as one or more expressions."""
        *body, last = (s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)))
        arguments = function.args
        mine = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        mine |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        self.known = {name: ast.Name(self._prefix + name) for name in mine} | self.known
        statements = list(self._statements(body))
        if not isinstance(last, ast.Return) or last.value is None:
            raise TypeError(f"{function.name}: a step ends with its only return")
        returned = self.visit(last.value)
        return statements, list(returned.elts) if isinstance(returned, ast.Tuple) else [returned]

    def _statements(self, body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
        for statement in body:
            if isinstance(statement, ast.If) and not statement.orelse:
                yield ast.If(self.visit(statement.test), list(self._statements(statement.body)), [])
            elif isinstance(statement, ast.Assign) and (called := self._function(statement.value)) is not None:
                yield from self._inlined(statement.targets[0], *called)
            elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
                yield ast.Assign([self.visit(statement.target)], self.visit(statement.value), lineno=0)
            elif isinstance(statement, ast.Assign | ast.AugAssign):
                yield self.visit(statement)
            else:
                raise TypeError(f"not for one number: {ast.unparse(statement)}")

    def _function(self, value: ast.expr) -> tuple[ast.Call, FunctionType] | None:
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            function = self._globals.get(value.func.id)
            return (value, function) if isinstance(function, FunctionType) else None
        return None

    def _inlined(self, target: ast.expr, call: ast.Call, function: FunctionType) -> Iterator[ast.stmt]:
        parsed = _parsed(function)
        self._count += 1
        inner = _Plain(function, f"{self._prefix}{function.__name__}_{self._count}_")
        stored = {n.id for n in ast.walk(parsed) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for parameter, argument in zip((a.arg for a in parsed.args.args), call.args, strict=True):
            given = self.visit(argument)
            if isinstance(given, ast.Name | ast.Constant) and parameter not in stored:
                inner.known[parameter] = given
            else:
                yield ast.Assign([ast.Name(inner._prefix + parameter)], given, lineno=0)
        statements, returned = inner.flat(parsed)
        yield from statements
        value = ast.Tuple(returned) if len(returned) > 1 else returned[0]
        yield ast.Assign([self.visit(target)], value, lineno=0)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.known:
            return self.known[node.id]
        value = self._globals.get(node.id)
        if not isinstance(value, int | float):
            raise TypeError(f"{node.id} is not a number of the module")
        return ast.Constant(float(value))

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            return ast.BoolOp(ast.And() if isinstance(node.op, ast.BitAnd) else ast.Or(), [left, right])
        if not isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
            raise TypeError(f"not for one number: {ast.unparse(node)}")
        return ast.BinOp(left, node.op, right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        value = self.visit(node.operand)
        if isinstance(node.op, ast.USub) and isinstance(value, ast.Constant) and isinstance(value.value, float):
            return ast.Constant(-value.value)
        return ast.UnaryOp(ast.Not() if isinstance(node.op, ast.Invert) else node.op, value)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if not isinstance(node.func, ast.Attribute):
            raise TypeError(f"not for one number: {ast.unparse(node)}")
        name, arguments = node.func.attr, [self.visit(argument) for argument in node.args]
        if name == "any" and not arguments:
            return self.visit(node.func.value)  # type: ignore[no-any-return]
        match name, arguments:
            case "where", [condition, chosen, other]:
                return ast.IfExp(condition, chosen, other)
            case (("maximum" | "minimum"), [first, second]):
                first, again = self._twice(first)
                second, other = self._twice(second)
                return ast.IfExp(
                    ast.Compare(first, [ast.Gt() if name == "maximum" else ast.Lt()], [second]), again, other
                )
            case "abs", [value]:
                value, again = self._twice(value)
                zero = ast.Constant(0.0)
                return ast.IfExp(ast.Compare(value, [ast.Gt()], [zero]), again, ast.BinOp(zero, ast.Sub(), again))
            case (("sqrt" | "frexp"), [_]) | ("copysign", [_, _]):
                return ast.Call(ast.Name(name), arguments, [])
        raise TypeError(f"not for one number: {ast.unparse(node)}")

    def _twice(self, value: ast.expr) -> tuple[ast.expr, ast.expr]:
        # An expression where it is read first, and where it is read again.
        if isinstance(value, ast.Name | ast.Constant):
            return value, value
        self._count += 1
        name = ast.Name(f"{self._prefix}_{self._count}")
        return ast.NamedExpr(name, value), name
