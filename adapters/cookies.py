"""No cookies: what one workflow's call is given to keep must not go out with another's, nor to a neighbour."""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy


def no_cookies() -> CookieJar:
    """Return a jar that keeps nothing."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))
