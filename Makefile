# The targets a developer needs. Python 3.11 or newer and make are enough; the rest is fetched.
#
#   make run     start on http://127.0.0.1:8000 (PORT=, DATABASE_URL=postgresql://…, DEMO=0, SIZE=large)
#   make test    every test: unit, both databases, web, browser
#   make check   style, types, imports, translations, migrations, security
#   make bench   how fast it is, in one table (SIZE=large: how much dearer it is in a large park)
#   make rush    whether a rush on linked rooms ends in a deadlock, and its longest wait

PORT ?= 8000
# How many test processes; the tests of races start more of their own.
JOBS ?= logical
export PORT

python := .venv/bin/python
dev_lock := requirements-dev.txt
shipped := booking migrations config.py wsgi.py gunicorn.conf.py
checks := check-style check-types check-imports check-translations check-migrations check-security
asset_sources := $(shell find static/src booking/assets -type f -not -name '*.pyc')

.PHONY: run test check bench rush lock translations clean
.PHONY: $(checks)
.PHONY: environment environment-dev texts browser

# Everything is ready once the server answers: its last lines are the sign-ins and the address.
run: environment build/assets.stamp texts
	@$(python) -m flask db upgrade
	@$(python) -m flask $(if $(filter 0,$(DEMO)),setup,demo --if-empty --size $(or $(SIZE),small))
	@exec $(python) -m gunicorn

test: environment-dev build/assets.stamp texts browser
	@echo 'Running the tests: unit, db (SQLite and PostgreSQL), web, browser ...'
	@$(python) -m pytest --quiet --numprocesses $(JOBS) --durations 20

# Two at a time, for they take one processor each. `make --keep-going check` shows what is wrong in
# each of them.
check: environment-dev .cache/scan/requirements-scan.installed
	@$(MAKE) --no-print-directory --jobs 2 --output-sync $(checks)
	@echo 'All checks passed.'

check-style: environment-dev
	@echo 'Style (ruff) ...'
	@$(python) -m ruff check --quiet .
	@$(python) -m ruff format --quiet --check .

check-types: environment-dev
	@echo 'Types (mypy) ...'
	@$(python) -m mypy --no-error-summary

check-imports: environment-dev
	@echo 'Directions of imports (import-linter) ...'
	@mkdir -p build
	@.venv/bin/lint-imports --no-logo > build/imports.log || { cat build/imports.log; exit 1; }

check-translations: environment-dev
	@echo 'Translations ...'
	@$(python) tools/translations.py check

check-migrations: environment-dev build/assets.stamp
	@echo 'Models and migrations ...'
	@$(python) -m tools.schema

check-security: .cache/scan/requirements-scan.installed
	@echo 'Security (bandit, semgrep with rules of our own) ...'
	@.cache/scan/bin/bandit --quiet --recursive --configfile pyproject.toml $(shipped)
	@PATH="$(CURDIR)/.cache/scan/bin:$$PATH" .cache/scan/bin/semgrep scan --quiet --error \
		--metrics off --disable-version-check --config tools/semgrep.yml booking templates

.cache/scan/requirements-scan.installed: requirements-scan.txt
	@python=$$(tools/find-python) && $$python tools/environment.py $< .cache/scan

bench: environment-dev build/assets.stamp texts
	@$(python) -m bench $(or $(SIZE),small)

rush: environment-dev build/assets.stamp texts
	@$(python) -m bench rush

# Write the locks anew; `make lock UPGRADE=1` takes the newest versions that pyproject.toml allows.
lock:
	@$$(tools/find-python) tools/lock.py $(if $(UPGRADE),--upgrade)

# Bring new texts into translations/*/LC_MESSAGES/messages.po and compile them.
translations: environment
	@$(python) tools/translations.py extract
	@$(python) tools/translations.py compile

# Remove what can be made again, but neither .venv nor the data in instance/.
clean:
	@rm -rf build .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find translations -name '*.mo' -delete
	@find booking tests tools migrations bench -name __pycache__ -prune -exec rm -rf {} +

environment:
	@python=$$(tools/find-python) && $$python tools/environment.py requirements.txt

environment-dev:
	@python=$$(tools/find-python) && $$python tools/environment.py $(dev_lock)

build/assets.stamp: requirements.txt $(asset_sources) | environment
	@echo 'Building fonts, icons, styles and scripts ...'
	@$(python) -m booking.assets
	@mkdir -p build && touch $@

texts: | environment
	@$(python) tools/translations.py compile

browser: | environment-dev
	@$(python) -m tools.chromium
