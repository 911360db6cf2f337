"""The pages of people: sign-in, one-time links, preferences, profile."""

from booking.people.views import deputies, preferences, profile, secrets, sign_in

BLUEPRINTS = (sign_in.pages, preferences.pages, profile.pages, secrets.pages, deputies.pages)
