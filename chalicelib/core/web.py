"""The door to HTTP: how a domain declares its routes, over a Chalice blueprint."""

from collections.abc import Callable
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib.core.route import (
    CORS,
    DEVICE,
    KEY_PATTERN,
    NEXT,
    OPEN,
    PEOPLE,
    ROUTES,
    SESSION,
    File,
    Route,
    View,
)
from chalicelib.core.serving import Raw, middleware, parsed, serve

__all__ = [
    "CORS",
    "DEVICE",
    "KEY_PATTERN",
    "NEXT",
    "OPEN",
    "PEOPLE",
    "ROUTES",
    "SESSION",
    "File",
    "Raw",
    "Route",
    "Router",
    "middleware",
    "parsed",
]

Declared = Callable[[View], View]


class Router:
    """Declares views as routes; `blueprint` is what `app.py` registers.

    Options are the fields of `core.route.Route`; the audience is the path's first segment
    unless it is named.
    """

    def __init__(self, name: str) -> None:
        self.blueprint = Blueprint(name)

    def get(self, path: str, **options: Any) -> Declared:
        """Declare a view that changes nothing."""
        return self._declare("GET", path, options)

    def post(self, path: str, **options: Any) -> Declared:
        """Declare a view that acts."""
        return self._declare("POST", path, options)

    def put(self, path: str, **options: Any) -> Declared:
        """Declare a view that replaces (there is no PATCH: `wx.request` lacks it)."""
        return self._declare("PUT", path, options)

    def delete(self, path: str, **options: Any) -> Declared:
        """Declare a view that removes."""
        return self._declare("DELETE", path, options)

    def _declare(self, method: str, path: str, options: dict[str, Any]) -> Declared:
        audience = options.pop("audience", path.split("/")[1])

        def wrap(view: View) -> View:
            route = Route(method, path, audience, view, **options)
            ROUTES.append(route)
            self.blueprint.route(
                path,
                methods=[method],
                name=f"{method} {path}",
                cors=CORS if audience in (*PEOPLE, SESSION) else None,
                content_types=list(route.content),
            )(_served(route))
            return view

        return wrap


def _served(route: Route) -> Callable[..., Response]:
    def answer(**path: str) -> Response:
        return serve(route, path)

    return answer
