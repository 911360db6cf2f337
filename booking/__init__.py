"""The application: wiring and nothing else."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask
from flask_login import LoginManager
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from booking import frame, worker
from booking.api import departing as departing_api
from booking.api import find as find_api
from booking.api import jobs as jobs_api
from booking.api import openapi
from booking.api import organisations as organisations_api
from booking.api import people as directory_api
from booking.api import places as places_api
from booking.api import profiles as profiles_api
from booking.api import resources as resources_api
from booking.approvals import api as approvals_api
from booking.approvals import notices as approval_notices
from booking.approvals import views as approval_pages
from booking.assets.manifest import Manifest
from booking.attendance import api as attendance_api
from booking.attendance import notices as attendance_notices
from booking.attendance import reception, spots
from booking.attendance import views as attendance_pages
from booking.audit import api as audit_api
from booking.authorisations import api as authorisations_api
from booking.authorisations import notices as authorisation_notices
from booking.authorisations import views as authorisation_pages
from booking.calendars import views as calendars
from booking.closures import api as closures_api
from booking.closures import breakdown_views as breakdown_pages
from booking.closures import holiday_api as holidays_api
from booking.closures import holiday_views as holiday_pages
from booking.closures import notices as closure_notices
from booking.closures import views as closure_pages
from booking.core import events, i18n, idempotency, jobs, rate_limits, revisions, web, zones
from booking.core.database import (
    SCHEMA_VERSION,
    close_reading,
    db,
    prepare_engine,
    schema_version,
)
from booking.core.events import EventKind
from booking.demand import models as demand
from booking.exchange import api as exchange_api
from booking.exchange import models as import_drafts
from booking.finding import preference_api, preference_views
from booking.finding import views as finding_pages
from booking.groups import api as groups_api
from booking.groups import notices as group_notices
from booking.groups import views as group_pages
from booking.house import api as house_api
from booking.house import models as house_tables
from booking.house import notices as house_notices
from booking.house import queries as house
from booking.house import views as house_pages
from booking.journal import models as journal
from booking.messages import models as messages
from booking.messages import views as message_pages
from booking.messages.letters import Catalogue, MessageType
from booking.messages.models import MessageKind
from booking.occupancy import guard
from booking.occupancy import models as occupancy
from booking.pages import checks as check_pages
from booking.pages import closing_account, health, navigation
from booking.pages import organisation as organisation_pages
from booking.pages.park import start as park_start
from booking.pages.planning import views as planning_pages
from booking.pages.space import views as space_pages
from booking.pages.today import views as today_pages
from booking.people import api as people_api
from booking.people import deputy_notices, recipients, sign_in
from booking.people import notices as account_notices
from booking.people import queries as people
from booking.people import views as people_pages
from booking.privacy import api as privacy_api
from booking.privacy import views as privacy_pages
from booking.profiles import notices as hours_notices
from booking.reminders import notices as reminder_notices
from booking.replacements import api as replacements_api
from booking.replacements import models as replacements
from booking.replacements import views as replacement_pages
from booking.reports import api as reports_api
from booking.reports import unmet
from booking.reports import views as report_pages
from booking.reservations import api as reservations_api
from booking.reservations import (
    departure_notices,
    quotas_api,
    series_api,
    series_notices,
    transfer_notices,
)
from booking.reservations import models as reservations
from booking.reservations import notices as reservation_notices
from booking.reservations import views as reservation_pages
from booking.search import api as search_api
from booking.search import views as search_pages
from booking.spaces import queries as spaces
from booking.spaces import views as photo_files
from booking.waitlist import api as waitlist_api
from booking.waitlist import models as waitlist
from booking.waitlist import notices as waitlist_notices
from booking.waitlist import views as waitlist_pages
from config import ROOT, Settings, SettingsError

# Loading these makes their tables known to the migrations.
TABLES = (
    demand,
    import_drafts,
    events,
    house_tables,
    idempotency,
    jobs,
    journal,
    messages,
    occupancy,
    rate_limits,
    reservations,
    revisions,
    replacements,
    waitlist,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    *people_pages.BLUEPRINTS,
    openapi.blueprint,
    places_api.blueprint,
    profiles_api.blueprint,
    resources_api.blueprint,
    find_api.blueprint,
    reservations_api.blueprint,
    approvals_api.blueprint,
    approval_pages.pages,
    attendance_api.blueprint,
    attendance_pages.blueprint,
    reception.blueprint,
    spots.blueprint,
    authorisations_api.blueprint,
    authorisation_pages.pages,
    closures_api.blueprint,
    closure_pages.pages,
    breakdown_pages.blueprint,
    holidays_api.blueprint,
    holiday_pages.blueprint,
    planning_pages.blueprint,
    space_pages.blueprint,
    finding_pages.blueprint,
    preference_views.blueprint,
    preference_api.blueprint,
    search_pages.blueprint,
    search_api.blueprint,
    today_pages.blueprint,
    *organisation_pages.BLUEPRINTS,
    message_pages.blueprint,
    check_pages.blueprint,
    park_start.blueprint,
    report_pages.blueprint,
    reports_api.blueprint,
    unmet.pages,
    unmet.api,
    exchange_api.blueprint,
    health.blueprint,
    photo_files.blueprint,
    jobs_api.blueprint,
    audit_api.blueprint,
    house_pages.logo_pages,
    house_api.blueprint,
    privacy_pages.pages,
    closing_account.blueprint,
    organisations_api.blueprint,
    departing_api.blueprint,
    privacy_api.blueprint,
    people_api.blueprint,
    directory_api.blueprint,
    *calendars.BLUEPRINTS,
    *reservation_pages.BLUEPRINTS,
    groups_api.blueprint,
    quotas_api.blueprint,
    series_api.blueprint,
    group_pages.blueprint,
    waitlist_api.blueprint,
    waitlist_pages.blueprint,
    replacements_api.blueprint,
    replacement_pages.blueprint,
)

# Who does something when something has happened: every such coupling stands here.
EVENTS: dict[EventKind, tuple[worker.Handler, ...]] = {
    EventKind.REQUESTED: (reservation_notices.tell, approval_notices.ask),
    EventKind.CONFIRMED: (reservation_notices.tell, reminder_notices.plan),
    EventKind.CHANGED: (reservation_notices.tell, reminder_notices.plan),
    EventKind.AMENDMENT_REQUESTED: (reservation_notices.tell, approval_notices.ask),
    EventKind.AMENDMENT_DECLINED: (reservation_notices.tell,),
    EventKind.DECLINED: (reservation_notices.tell,),
    EventKind.CANCELLED: (reservation_notices.tell,),
    EventKind.EXPIRED: (reservation_notices.tell,),
    EventKind.ASKED: (reservation_notices.tell,),
    EventKind.ANSWERED: (reservation_notices.tell_asker,),
    EventKind.GROUPED: (group_notices.tell,),
    EventKind.DISPLACED: (closure_notices.tell,),
    EventKind.RELEASED: (attendance_notices.tell,),
    EventKind.LEFT_OUTSIDE: (hours_notices.tell,),
    EventKind.REPEATED: (series_notices.tell,),
    EventKind.OFFERED: (waitlist_notices.tell,),
    EventKind.HANDED_OVER: (departure_notices.tell, reminder_notices.plan),
    EventKind.TRANSFERRED: (transfer_notices.tell, reminder_notices.plan),
}

# Which feature knows the facts of each message, whether it is still true, and its words.
MESSAGES: dict[MessageKind, MessageType[Any]] = {  # Any: each kind has its own facts
    MessageKind.REQUESTED: reservation_notices.REQUESTED,
    MessageKind.CONFIRMED: reservation_notices.CONFIRMED,
    MessageKind.CHANGED: reservation_notices.CHANGED,
    MessageKind.DECLINED: reservation_notices.DECLINED,
    MessageKind.CANCELLED: reservation_notices.CANCELLED,
    MessageKind.EXPIRED: reservation_notices.EXPIRED,
    MessageKind.QUESTION: reservation_notices.QUESTION,
    MessageKind.ANSWERED: reservation_notices.ANSWERED,
    MessageKind.REMINDER: reminder_notices.REMINDER,
    MessageKind.APPROVAL_WAITING: approval_notices.APPROVAL_WAITING,
    MessageKind.APPROVAL_LATE: approval_notices.APPROVAL_LATE,
    MessageKind.TEST: house_notices.TEST,
    MessageKind.INVITATION: account_notices.INVITATION,
    MessageKind.PASSWORD_RESET: account_notices.PASSWORD_RESET,
    MessageKind.PASSWORD_CHANGED: account_notices.PASSWORD_CHANGED,
    MessageKind.NEW_SIGN_IN: account_notices.NEW_SIGN_IN,
    MessageKind.JOINED: account_notices.JOINED,
    MessageKind.ADDRESS_CHANGED: account_notices.ADDRESS_CHANGED,
    MessageKind.ADDRESS_LEFT: account_notices.ADDRESS_LEFT,
    MessageKind.HANDED_OVER: departure_notices.HANDED_OVER,
    MessageKind.TRANSFERRED: transfer_notices.TRANSFERRED,
    MessageKind.GROUPED: group_notices.GROUPED,
    MessageKind.DISPLACED: closure_notices.DISPLACED,
    MessageKind.RELEASED: attendance_notices.RELEASED,
    MessageKind.SERIES: series_notices.SERIES,
    MessageKind.OFFER: waitlist_notices.OFFER,
    MessageKind.DEPUTY_NAMED: deputy_notices.NAMED,
    MessageKind.DEPUTY_ENDED: deputy_notices.ENDED,
    MessageKind.AUTHORISATION_LAPSING: authorisation_notices.LAPSING,
    MessageKind.LEFT_OUTSIDE: hours_notices.LEFT_OUTSIDE,
}


class UnknownSchemaError(RuntimeError):
    """The database's schema is not the one this program was written for."""


def create_app(settings: Settings) -> Flask:
    """Put the parts together; nothing is read from the database yet."""
    zones.prepare()
    app = frame.Application(
        "booking",
        root_path=str(ROOT),
        template_folder="templates",
        static_folder=None,
        instance_path=str(settings.instance),
    )
    app.config.update(_flask_settings(settings))
    app.extensions["booking"] = settings
    app.extensions["work"] = worker.Work(
        EVENTS, Catalogue(MESSAGES, recipients.recipients, reservation_notices.uid_domain)
    )
    app.extensions["park_name"] = house.park_name
    settings.instance.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    app.teardown_appcontext(close_reading)
    with app.app_context():
        prepare_engine(db.engine)
    web.csrf.init_app(app)
    i18n.babel.init_app(app, locale_selector=sign_in.locale_of_reader)
    LoginManager(app).request_loader(sign_in.load_user)
    frame.install(app, Manifest.load(settings.assets), navigation.entries)
    app.jinja_env.globals["legal_notice"] = spaces.legal_notice
    app.jinja_env.globals["offers_to_reader"] = waitlist_pages.offers_to_reader
    app.jinja_env.globals["replacements_for_reader"] = replacement_pages.replacements_for_reader
    app.jinja_env.globals["replacements_of"] = replacement_pages.replacements_of
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    _serve_files(app, settings)
    return app


def check_start(app: Flask) -> None:
    """Refuse to serve on a database of another version, without the overlap guard, of a site in
    another zone than the setting's, or, in production, with invented people in it."""
    settings: Settings = app.extensions["booking"]
    with app.app_context():
        found = schema_version()
        if found != SCHEMA_VERSION:
            raise UnknownSchemaError(
                f"The database is at version {found or 'none'}, this program needs"
                f" {SCHEMA_VERSION}. Run: flask db upgrade"
            )
        guard.require()
        zone = spaces.site_zone()
        if zone not in (None, settings.site_zone):
            raise SettingsError(
                f"SITE_ZONE is {settings.site_zone}, and the site runs on {zone}."
                f" Set SITE_ZONE={zone}, or run flask setup while nobody has booked."
            )
        if settings.production and people.has_demo_persons():
            raise SettingsError(
                "The database holds demo accounts, whose password everybody knows."
                " Point DATABASE_URL at a database without them."
            )
        db.session.remove()
        db.engine.dispose()  # a server forks after this; connections must not be shared


def start_in_worker(app: Flask) -> None:
    """What each web process does after the fork: open its own connections, start the tick."""
    worker.start_inside(app)


def _flask_settings(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        # What is logged of an error must not hold names, addresses and digests.
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_timeout": 10, "hide_parameters": True},
        "MAX_CONTENT_LENGTH": web.BODY_LIMIT,
        "MAX_FORM_MEMORY_SIZE": web.BODY_LIMIT,
        "TRUSTED_HOSTS": list(settings.trusted_hosts),
        "SESSION_COOKIE_NAME": "__Host-flash" if settings.is_https else "flash",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_CHECK_DEFAULT": False,  # frame.guard asks: a bearer token needs no CSRF token
        "WTF_CSRF_TIME_LIMIT": None,
        "BABEL_DEFAULT_LOCALE": i18n.LOCALES[settings.default_language],
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
        "PREFERRED_URL_SCHEME": settings.public_url.partition(":")[0],
    }


def _serve_files(app: Flask, settings: Settings) -> None:
    """Hashed, pre-compressed files for ever; proxies are believed as often as the settings say."""
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # how Flask takes middleware
        app.wsgi_app,
        root=str(settings.assets),
        prefix="/static/",
        max_age=31536000,
        immutable_file_test=lambda path, url: True,
    )
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # as above
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )
