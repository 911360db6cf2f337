"""The pages of people: sign-in, one-time links, preferences, profile."""

from booking.people.views import preferences, sign_in

BLUEPRINTS = (sign_in.pages, preferences.pages)
