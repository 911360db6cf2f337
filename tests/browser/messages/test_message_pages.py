"""The operator reads a message as mail programs show it, in a frame that may do nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from booking import worker
from booking.core.database import end_reading, session
from booking.messages.models import Message, MessageKind
from tests import make
from tests.browser.conftest import PHONE, WIDE, Visit
from tests.browser.entering import enter


@pytest.mark.real_time
@pytest.mark.parametrize(("language", "screen"), [("fr", WIDE), ("ar", PHONE)])
def test_a_message_is_shown_with_its_own_styles_and_nothing_complains(
    app: Flask, visit: Callable[..., Visit], language: str, screen: dict[str, int]
) -> None:
    make.reservation(make.person(language=language), make.desk(open_at=make.around_the_clock()))
    end_reading()
    worker.until_nothing_is_due(app)
    end_reading()
    number = session().scalar(select(Message.id).where(Message.kind == MessageKind.CONFIRMED))
    window = visit(language=language, screen=screen)
    page = enter(app, window, make.operator(), f"/operator/messages/{number}")
    mail = page.frame_locator("iframe").locator("main")
    mail.wait_for()
    assert mail.evaluate("main => getComputedStyle(main).maxWidth") == "560px"
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(width) == 0
    assert window.violations() == []
    window.goto("/operator/messages")
    assert window.violations() == []
