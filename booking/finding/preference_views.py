"""The page on which somebody says what matters to them of a desk."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from booking.core.errors import InvalidError
from booking.core.forms import PageForm, lazy_gettext
from booking.core.i18n import _, name_in
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.finding import preferences

blueprint = Blueprint("desk_preferences", __name__, url_prefix="/profile/desks")


class PreferencesForm(PageForm):
    """The features that matter."""

    features = SelectMultipleField(
        lazy_gettext("What matters to you"),
        validate_choice=False,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


@blueprint.get("")
@acts(Action.MANAGE_OWN_ACCOUNT)
def show() -> ResponseReturnValue:
    """What can be preferred, and what is."""
    chosen = preferences.of(current_actor()).codes
    return _page(PreferencesForm(formdata=None, features=chosen))


@blueprint.post("")
@acts(Action.MANAGE_OWN_ACCOUNT)
def choose() -> ResponseReturnValue:
    """Store it."""
    form = PreferencesForm()
    try:
        preferences.choose(current_actor(), form.features.data or ())
    except InvalidError as error:
        form.show(error)
        return _page(form), 422
    flash(_("Your preferences are saved."), "ok")
    return redirect(url_for("profile.show"), 303)


def _page(form: PreferencesForm) -> str:
    offered = preferences.of(current_actor()).offered
    form.features.choices = [(one.code, name_in(one.names)) for one in offered]
    return render_template(
        "finding/preferences.html", page_title=_("What you prefer of a desk"), form=form
    )
