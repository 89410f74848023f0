"""Unified social credit codes (统一社会信用代码) of 18 characters, GB 32100-2015."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters, without I, O, S, V and Z."""
LENGTH = 18
BASE = 31
GENERATOR = 3
"""The weight of the character at position i is 3 to the i, modulo 31."""


def check_character(body: str) -> str:
    """The 18th character that belongs to the first 17, all of the alphabet."""
    total = sum(ALPHABET.index(char) * pow(GENERATOR, i, BASE) for i, char in enumerate(body))
    return ALPHABET[-total % BASE]


def credit_code_fault(code: str) -> str:
    """What is wrong with a code, or "" where it is well formed."""
    if len(code) != LENGTH:
        return f"has {len(code)} characters, not {LENGTH}"
    strange = sorted({char for char in code if char not in ALPHABET})
    if strange:
        return f"holds {', '.join(map(repr, strange))}, which no credit code has"
    expected = check_character(code[:-1])
    return "" if code[-1] == expected else f"ends in {code[-1]!r}, but its check character is {expected!r}"
