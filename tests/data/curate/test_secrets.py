"""Secrets and personal data: what is found, what is left alone, and checksums worked out by hand."""

from __future__ import annotations

import json
import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.paths import assets_dir
from workbench.data.curate import secrets

_DRAW = random.Random(1)


def drawn(signs: str, number: int) -> str:
    """Return a random text that is no real secret."""
    return "".join(_DRAW.choice(signs) for _ in range(number))


LETTERS = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
FOUND = [
    ("API_KEY", "sk-" + drawn(LETTERS, 40) + "1"),
    ("API_KEY", "sk-proj-" + drawn(LETTERS, 30) + "7_-" + drawn(LETTERS, 30)),
    ("API_KEY", "sk-ant-api03-" + drawn(LETTERS, 40)),
    ("API_KEY", "sk_live_" + drawn(LETTERS, 24)),
    *[("API_KEY", f"gh{kind}_" + drawn(LETTERS, 36)) for kind in "pousr"],
    ("API_KEY", "github_pat_" + drawn(LETTERS, 22) + "_" + drawn(LETTERS, 59)),
    ("API_KEY", "glpat-" + drawn(LETTERS, 20)),
    ("API_KEY", "hf_" + drawn(string.ascii_letters, 34)),
    ("API_KEY", "xoxb-" + drawn(string.digits, 11) + "-" + drawn(LETTERS, 24)),
    ("API_KEY", "AKIA" + drawn(UPPER, 16)),
    ("API_KEY", "ASIA" + drawn(UPPER, 16)),
    ("API_KEY", "AIza" + drawn(LETTERS + "_-", 34) + "x"),
    ("API_KEY", "ya29." + drawn(LETTERS, 60)),
    ("API_KEY", "npm_" + drawn(LETTERS, 36)),
    ("API_KEY", "pypi-" + drawn(LETTERS, 100)),
    ("API_KEY", "SG." + drawn(LETTERS, 22) + "." + drawn(LETTERS, 43)),
    ("API_KEY", "dop_v1_" + drawn("0123456789abcdef", 64)),
    ("PRIVATE_KEY", f"-----BEGIN RSA PRIVATE KEY-----\n{drawn(LETTERS, 200)}\n-----END RSA PRIVATE KEY-----"),
    ("PRIVATE_KEY", f"-----BEGIN OPENSSH PRIVATE KEY-----\n{drawn(LETTERS, 90)}\n-----END OPENSSH PRIVATE KEY-----"),
    ("PRIVATE_KEY", f"-----BEGIN PRIVATE KEY-----\n{drawn(LETTERS, 64)}\n-----END PRIVATE KEY-----"),
    (
        "PRIVATE_KEY",
        f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{drawn(LETTERS, 64)}\n-----END PGP PRIVATE KEY BLOCK-----",
    ),
    ("TOKEN", f"eyJ{drawn(LETTERS, 20)}.eyJ{drawn(LETTERS, 40)}.{drawn(LETTERS, 43)}"),
    ("EMAIL", "maria.k+news@mail.example-site.co.uk"),
    ("EMAIL", "x_y%z@sub.domain.org"),
    # 36 + the digits with DE = 13 14 moved to the end leave 1 when divided by 97.
    ("IBAN", "DE89370400440532013000"),
    ("IBAN", "DE89 3704 0044 0532 0130 00"),
    ("IBAN", "GB82 WEST 1234 5698 7654 32"),
    ("IBAN", "NO9386011117947"),
    ("IBAN", "MT84MALT011000012345MTLCAST001S"),
    ("CARD", "4111 1111 1111 1111"),
    ("CARD", "5555-5555-5555-4444"),
    ("CARD", "6011111111111117"),
    ("CARD", "3782 822463 10005"),
    ("PHONE", "+49 30 901820"),
    ("PHONE", "+1 (555) 123-4567"),
    ("PHONE", "+33.6.12.34.56.78"),
    ("PHONE", "+4915112345678"),
    ("IP", "8.8.8.8"),
    ("IP", "193.99.144.80"),
]


@pytest.mark.parametrize(("kind", "text"), FOUND)
@pytest.mark.parametrize("around", ["{}", "Here it is: {}.", "({})", '{{"x": "{}"}}', "a\n{}\nb", "今は{}。"])
def test_each_kind_is_found_and_masked_in_any_surroundings(kind: str, text: str, around: str) -> None:
    whole = around.format(text)
    assert secrets.found(whole) == {kind: 1}
    assert secrets.masked(whole) == around.format(f"<{kind}>")


@pytest.mark.parametrize(
    "text",
    [
        *("password={}", "password: {}", "PASSWORD = '{}'", 'api_key="{}"', '{{"secret_key": "{}"}}'),
        *(
            "access-token={}",
            "DB_PASSWORD={}",
            "my db.password={}, please.",
            "password={}.",
            "?password={}&user=me&x=1",
        ),
    ],
)
@pytest.mark.parametrize("value", ["hunter2", "hunter22secret", "a1&b2;c3,d4.e5:f6"])
def test_only_the_value_of_a_named_password_is_masked(text: str, value: str) -> None:
    whole = text.format(value)
    assert secrets.found(whole) == {"PASSWORD": 1}
    assert secrets.masked(whole) == text.format("<PASSWORD>")


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",  # Luhn leaves 1
        "1234 5678 9012 3456",  # no network begins with 1
        "5555555555555555555555554444",
        "DE88370400440532013000",  # check digits one too low
        "DE8937040044053201300",
        "10.0.0.1 and 192.168.1.254 and 127.0.0.1",
        "256.1.1.1",
        "version 1.2.3.4, v8.8.8.8",
        "1.2.3.4.5 and Version 4.4.4.4",
        "me@home and @handle and a@b",
        "scikit-learn, sk-learn and sk-toolkit-for-everybody-who-wants",
        "desk_live_and task-force",
        "the password is long; a password: yes please",
        "+1 more, 1+1 = 2, C++11, +100",
        "BEGIN PRIVATE KEY",
        "2024-01-08 12:30:45.123456, 1,234,567,890.12 and 3.141592653589793",
        "ISBN 978-3-16-148410-0",
        "0000 0000 0000 0000",
        "eyJ is how a token begins",
    ],
)
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    assert not secrets.found(text)
    assert secrets.masked(text) == text


def test_clean_rows_are_left_alone() -> None:
    data = assets_dir() / "data"
    lines = [line for name in ("articles", "general") for line in (data / f"{name}.jsonl").read_text().splitlines()]
    sentences = [sentence for line in lines for sentence in json.loads(line)["text"].split(". ")]
    assert len(sentences) > 1000
    assert [sentence for sentence in sentences if secrets.found(sentence)] == []


def test_luhn_by_hand() -> None:
    # 7992739871 with its check digit: 7+9+9+4+7+6+9+7+7+2 = 67 from the doubled digits, so that 3 makes 70.
    assert [digit for digit in range(10) if secrets.luhn(f"7992739871{digit}")] == [3]
    # 18: 1 doubled is 2, and 8 makes 10; 59: 5 doubled is 10, counted as 1, and 9 makes 10.
    assert [text for text in ("18", "59", "26", "19", "58") if secrets.luhn(text)] == ["18", "59", "26"]


def test_iban_by_hand() -> None:
    # GB82 WEST 1234 5698 7654 32 → W E S T = 32 14 28 29, G B = 16 11.
    assert int("3214282912345698765432" + "1611" + "82") % 97 == 1
    assert secrets.iban("GB82 WEST 1234 5698 7654 32")
    good = [digits for digits in range(100) if secrets.iban(f"GB{digits:02}WEST12345698765432")]
    assert good == [82]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([text for _, text in FOUND] + [" ", ", ", "\n", "word", "12", "+", "@", "4111 "]), max_size=8
    )
)
def test_masking_is_complete_and_stays(parts: list[str]) -> None:
    once = secrets.masked(" ; ".join(parts))
    assert secrets.masked(once) == once
    assert not secrets.found(once)
    for kind, text in FOUND:
        if text in parts and kind not in ("IP", "PHONE"):
            assert text not in once
