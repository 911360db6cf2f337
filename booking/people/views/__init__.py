"""The pages of people: sign-in, one-time links, preferences, profile."""

from booking.people.views import deputies, preferences, presence, profile, secrets, sign_in

BLUEPRINTS = (
    sign_in.pages,
    preferences.pages,
    profile.pages,
    presence.pages,
    secrets.pages,
    deputies.pages,
)
