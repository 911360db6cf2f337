"""Passwords: what is refused, what is stored, and that nobody's takes as long as somebody's."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from booking.core.errors import Problem
from booking.people import passwords
from booking.people.demo_accounts import DEMO_PASSWORD

OWN_WORDS = ("Salma El Idrissi", "salma@atlas-robotics.example", "Casablanca Tech Valley")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "tagine-et-nuages-violets",
        "9fK2-wTq8-zLr4",
        "النافذة الزرقاء مفتوحة",
        "une fenêtre sur la médina",
        "salma aime les vieux tramways",
        DEMO_PASSWORD,
    ],
)
def test_a_password_with_words_of_its_own_is_good(password: str) -> None:
    assert passwords.problem_with(password, OWN_WORDS) is None


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd2026!",
        "motdepasse2026",
        "azertyuiop123",
        "qwertyuiop!!!",
        "1q2w3e4r5t6y",
        "abcdefghijkl",
        "123456789012",
        "987654321098",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "azul-azul-azul-azul-",
        "Casablanca2026",
        "Bienvenue2026!!",
        "salma.idrissi1999",
        "atlas-robotics-1",
        "techvalley2026",
        "iloveyou1234",
        "mohammed1990",
    ],
)
def test_what_others_guess_first_is_refused(password: str) -> None:
    assert passwords.problem_with(password, OWN_WORDS) == Problem.TOO_COMMON


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", Problem.TOO_SHORT),
        ("x7-Wq2.kLp9", Problem.TOO_SHORT),
        ("x7-Wq2.kLp9!" * 17, Problem.TOO_LONG),
    ],
)
def test_a_password_has_a_length(password: str, problem: Problem) -> None:
    assert passwords.problem_with(password) == problem


def test_the_hash_has_the_parameters_of_the_house() -> None:
    assert passwords.hash_password("tagine et nuages").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_accents_may_be_typed_as_one_character_or_two() -> None:
    stored = passwords.hash_password("une fene\u0302tre ouverte")
    assert passwords.verify(stored, "une fen\u00eatre ouverte")


def test_nothing_opens_what_has_no_password() -> None:
    assert not passwords.verify(None, "")
    assert not passwords.verify("", "tagine et nuages")
    assert not passwords.verify("not a hash", "tagine et nuages")


def test_nobodys_hash_costs_as_much_as_anybodys() -> None:
    assert not passwords.is_outdated(passwords.NOBODYS_HASH)


def test_a_hash_with_older_parameters_is_outdated() -> None:
    older = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("tagine et nuages")
    assert passwords.is_outdated(older)
    assert passwords.verify(older, "tagine et nuages")
