"""Persons, organisations, memberships, grants, sign-in, sessions and tokens."""
