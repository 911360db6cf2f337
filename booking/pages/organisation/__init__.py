"""My organisation: who is in it, who is where today, what is reserved for it."""

from booking.pages.organisation import inviting, managing, views
from booking.pages.organisation.blueprint import blueprint

# Each of these adds its pages to the one blueprint.
PAGES = (views, managing, inviting)
BLUEPRINTS = (blueprint,)
