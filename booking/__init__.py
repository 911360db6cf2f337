"""The application: wiring and nothing else."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_login import LoginManager
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from booking import cli, frame, worker
from booking.api import resources as resources_api
from booking.approvals import api as approvals_api
from booking.assets.manifest import Manifest
from booking.calendars import views as calendars
from booking.core import events, i18n, idempotency, revisions, web, zones
from booking.core.database import db, prepare_engine, schema_version
from booking.journal import models as journal
from booking.messages import models as messages
from booking.occupancy import guard
from booking.occupancy import models as occupancy
from booking.people import api as people_api
from booking.people import sign_in
from booking.people import views as people_pages
from booking.reservations import api as reservations_api
from booking.reservations import models as reservations
from config import ROOT, Settings

SCHEMA_VERSION = "0001"

# Loading these makes their tables known to the migrations.
TABLES = (events, idempotency, journal, messages, occupancy, reservations, revisions)

BLUEPRINTS: tuple[Blueprint, ...] = (
    *people_pages.BLUEPRINTS,
    resources_api.blueprint,
    reservations_api.blueprint,
    approvals_api.blueprint,
    people_api.blueprint,
    *calendars.BLUEPRINTS,
)


class UnknownSchemaError(RuntimeError):
    """The database's schema is not the one this program was written for."""


def create_app(settings: Settings) -> Flask:
    """Put the parts together; nothing is read from the database yet."""
    zones.prepare()
    app = Flask(
        "booking",
        root_path=str(ROOT),
        template_folder="templates",
        static_folder=None,
        instance_path=str(settings.instance),
    )
    app.config.update(_flask_settings(settings))
    app.extensions["booking"] = settings
    settings.instance.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    Migrate(app, db, directory=str(ROOT / "migrations"), compare_type=True)
    web.csrf.init_app(app)
    i18n.babel.init_app(app, locale_selector=sign_in.locale_of_reader)
    LoginManager(app).request_loader(sign_in.load_user)
    frame.install(app, Manifest.load(settings.assets), list)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.register(app)
    _serve_files(app, settings)
    return app


def check_start(app: Flask) -> None:
    """Refuse to serve on a database of another version or without the overlap guard."""
    with app.app_context():
        found = schema_version()
        if found != SCHEMA_VERSION:
            raise UnknownSchemaError(
                f"The database is at version {found or 'none'}, this program needs"
                f" {SCHEMA_VERSION}. Run: flask db upgrade"
            )
        guard.require()
        db.session.remove()
        db.engine.dispose()  # a server forks after this; connections must not be shared


def start_in_worker(app: Flask) -> None:
    """What each web process does after the fork: open its own connections, start the tick."""
    worker.start_inside(app)


def _flask_settings(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": False, "pool_timeout": 10},
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
