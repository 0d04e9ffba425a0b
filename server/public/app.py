"""The public web application: everything it shows comes from the current release and nothing else."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import jinja2
from flask import Flask, Response, request

from server.public import (
    authorities,
    citing,
    discovery,
    errors,
    filters,
    named,
    oai,
    ontology,
    openapi,
    pages,
    records,
    rounds,
    sparql,
)
from server.public.languages import choose_language, gettext, language, ngettext, read_languages
from server.public.responses import finish, packed
from server.public.site import HERE, Mounted, Site

# Room for a query of the longest allowed size in which every byte is percent-encoded, and its other parameters.
MAX_BODY_BYTES = 128 * 1024


def create_app(site: Site) -> Flask:
    """The WSGI application for ``site``. It sets no cookies, needs no secret and writes nothing but citations."""
    app = Flask(__name__, static_folder="static", static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    # Werkzeug makes its own redirects from the Host header, which is the client's to choose.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    app.extensions["xafscat"] = site
    app.wsgi_app = Mounted(app.wsgi_app, site)  # type: ignore[method-assign]
    app.jinja_options = {
        "extensions": ["jinja2.ext.i18n", "jinja2.ext.do"],
        "undefined": jinja2.StrictUndefined,
    }
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    # Jinja's i18n extension adds these methods to the environment.
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=False)  # type: ignore[attr-defined]
    app.jinja_env.filters.update(filters.FILTERS)

    @app.before_request
    def _prepare() -> None:
        choose_language(site.languages)
        if (refused := request.environ.get(errors.REFUSED)) is not None:
            raise replace(refused, detail=gettext(refused.detail))
        if request.headers.get("Transfer-Encoding") and request.content_length is None:
            # A body of unknown length could be cut on the way and pass for a whole one.
            raise errors.Refused("length-required", gettext("Send the body with a Content-Length header."))

    @app.context_processor
    def _names() -> dict[str, Any]:
        return filters.page_names(site, language())

    app.after_request(packed)
    app.after_request(finish)
    app.after_request(_static_cache)
    errors.install(app)
    for module in (
        *(pages, records, sparql, named, citing, openapi, ontology),
        *(authorities, rounds, oai, discovery),
    ):
        app.register_blueprint(module.blueprint)
    return app


def create_application() -> Flask:
    """The application of the catalog at ``XAFSCAT_HOME``, with the settings of its folder and the environment.

    This is the factory that granian is given (``--factory server.public.app:create_application``).
    """
    from server.public.environment import site_from_environment

    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    return create_app(site_from_environment(read_languages(Path(HERE) / "translations")))


def _static_cache(response: Response) -> Response:
    # Static addresses carry the build, so that what is kept can never be old.
    if request.endpoint == "static" and response.status_code == 200 and "v" in request.args:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
