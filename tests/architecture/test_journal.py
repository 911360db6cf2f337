"""Every act that is written into the journal has words, and the words are of acts that exist."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flask import Flask

from booking.audit import texts
from tests.architecture.sources import modules, named, tree
from tests.installations import app, engine, installation

__all__ = ["app", "engine", "installation"]

WRITING = {"journal.write": 1, "journal.write_each": 1}  # which argument is the act


def acts_in_the_code() -> dict[str, str]:
    """Each act that is written somewhere, with one such place: directly, or through a function of
    that module which has a parameter `act`."""
    found = {}
    for path in modules("booking/"):
        writing = _writing(tree(path))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in writing:
                for act in _texts(node, writing[ast.unparse(node.func)]):
                    found[act] = f"{named(path)}:{node.lineno}"
    return found


def _writing(module: ast.Module) -> dict[str, int]:
    """What writes a line in this module: the journal's own functions, and those that hand their
    parameter `act` on to one that writes."""
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    writing: dict[str, int] = {}
    more = WRITING
    while more.keys() - writing.keys():
        writing = {**writing, **more}
        more = {
            function.name: [argument.arg for argument in function.args.args].index("act")
            for function in functions
            if any(argument.arg == "act" for argument in function.args.args)
            and any(
                isinstance(node, ast.Call) and ast.unparse(node.func) in writing
                for node in ast.walk(function)
            )
        }
    return writing


def _texts(call: ast.Call, position: int) -> Iterator[str]:
    wanted = [keyword.value for keyword in call.keywords if keyword.arg == "act"]
    wanted += call.args[position : position + 1]
    for argument in wanted:
        for node in ast.walk(argument):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_act_that_is_written_has_words(app: Flask) -> None:
    with app.test_request_context():
        silent = {act: at for act, at in acts_in_the_code().items() if act not in texts.acts()}
    assert silent == {}, "add them to booking/audit/texts.py (of reservations: their own texts.py)"


def test_every_word_is_of_an_act_that_exists(app: Flask) -> None:
    strings = {
        node.value
        for path in modules("booking/")
        if named(path) not in ("booking/audit/texts.py", "booking/reservations/texts.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    with app.test_request_context():
        assert set(texts.acts()) - strings == set()
