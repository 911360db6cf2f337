"""The operator's pages of policies: what each will do stands beside it in whole sentences."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import listing
from booking.core.i18n import _, name_in, ngettext
from booking.core.permissions import Action
from booking.core.web import acts
from booking.pages.park.editor import Editor, Texts, register
from booking.pages.park.forms import PolicyForm
from booking.pages.park.places import spaces_counted
from booking.policies import queries, service, words
from booking.policies.drafts import PolicyDraft
from booking.policies.words import Sentence
from booking.spaces import inventory
from booking.spaces.drafts import Stored
from booking.spaces.inventory import Wanted

LINES_A_PAGE = 50
SPACES_NAMED = 12

blueprint = Blueprint("policies", __name__, url_prefix="/policies")


@dataclass(frozen=True)
class Line:
    """A policy in the list."""

    url: str
    name: str
    detail: str
    sentences: tuple[Sentence, ...]


@blueprint.get("")
@acts(Action.OPERATE)
def index() -> ResponseReturnValue:
    """The policies with what they do."""
    after = listing.page_from(request.args.get("after"))
    found = queries.policies((after, LINES_A_PAGE + 1))
    shown = found[:LINES_A_PAGE]
    return render_template(
        "park/policies.html",
        page_title=_("Policies"),
        lines=[
            Line(
                url_for(".edit_policy", key=one.key),
                name_in(one.draft.names),
                spaces_counted(one.uses),
                words.sentences(one.draft),
            )
            for one in shown
        ],
        first_url=url_for(".index") if after else None,
        more_url=url_for(".index", after=shown[-1].key) if len(found) > len(shown) else None,
    )


def _beside(stored: Stored[PolicyDraft] | None, typed: PolicyDraft | None) -> dict[str, object]:
    """What the policy does as typed, what that changes, and which resources it is about.

    Raises InvalidError for a preview of what makes no sense.
    """
    if typed is not None:
        service.checked(typed)
    described = typed or (stored.draft if stored else None)
    is_change = stored is not None and typed is not None and typed != stored.draft
    return {
        "sentences": words.sentences(described) if described else (),
        "differences": words.differences(stored.draft, typed) if stored and typed else (),
        "is_change": is_change,
        **(_resources(stored) if stored else {}),
    }


def _resources(stored: Stored[PolicyDraft]) -> dict[str, object]:
    lines, total = inventory.resources(Wanted(policy=stored.key), first=0, count=SPACES_NAMED)
    return {
        "spaces": lines,
        "spaces_counted": spaces_counted(total),
        "spaces_url": url_for("park.resources.index", policy=stored.key),
        "concerned": ngettext(
            "This changes %(num)s space for whoever books from now on. What is reserved or asked"
            " for already stays as it is.",
            "This changes %(num)s spaces for whoever books from now on. What is reserved or asked"
            " for already stays as it is.",
            total,
        ),
    }


register(
    blueprint,
    Editor(
        name="policy",
        path="",
        form=PolicyForm,
        texts=Texts(
            new=lambda: _("New policy"),
            edit=lambda: _("Policy"),
            added=lambda: _("The policy is there. Spaces get it on their own pages."),
            changed=lambda: _("The policy has been changed."),
            removed=lambda: _("The policy has been deleted."),
            in_use=lambda: _(
                "Spaces or requests are under this policy. Give the spaces another one; a policy"
                " that was used stays in the books."
            ),
        ),
        read=queries.policy,
        add=service.add_policy,
        change=service.change_policy,
        remove=service.remove_policy,
        list_url=lambda: url_for("park.policies.index"),
        blank=lambda: {"who_may_book": "anyone", "others_see": "busy"},
        after_adding=lambda key, draft: url_for("park.policies.edit_policy", key=key),
        after_changing=lambda key: url_for("park.policies.edit_policy", key=key),
        title=lambda draft: name_in(draft.names),
        beside=_beside,
        template="park/policy.html",
        has_preview=True,
    ),
)
