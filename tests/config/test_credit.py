from __future__ import annotations

import pytest

from config.credit import ALPHABET, check_character, credit_code_fault


def test_check_character_holds_when_the_code_is_of_the_standard() -> None:
    # GB 32100-2015 worked by hand: 1 at position 0 has weight 1, so 31 - 1 = 30, the last character.
    assert check_character("1" + "0" * 16) == "Y"
    # 1 at position 16 has weight 3**16 % 31 = 28, so 31 - 28 = 3.
    assert check_character("0" * 16 + "1") == "3"
    assert check_character("0" * 17) == "0"


def test_one_wrong_character_is_seen_when_any_is_changed() -> None:
    body = "91120116MADEM0001"
    code = body + check_character(body)
    assert credit_code_fault(code) == ""
    for place in range(18):
        for char in ALPHABET:
            if char != code[place]:
                assert credit_code_fault(code[:place] + char + code[place + 1 :])


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("9112", "has 4 characters, not 18"),
        ("91120116MADEM000IB", "holds 'I', which no credit code has"),
        ("91120116MADEM0001X", "ends in 'X', but its check character is 'B'"),
    ],
)
def test_fault_is_told_when_a_code_is_malformed(code: str, fault: str) -> None:
    assert credit_code_fault(code) == fault
