"""Pages with forms for facts."""

from typing import Any

from fastapi import Request, Response

from console.controls import ROWS, Given, control, row_count
from console.page import LOCALES, language_for, page
from console.places import country_options, place_options, zone_options


def form_words(request: Request, given: Given) -> dict[str, Any]:  # Any: what a view shows
    """What the controls of a form need beside the words: the lists to choose from, and how many rows are filled."""
    locale = LOCALES[language_for(request, getattr(request.state, "viewer", None))]
    return {
        "given": given,
        "control": control,
        "columns": ROWS,
        "filled": {name: row_count(given, name) for name in ROWS},
        "places": place_options(locale),
        "countries": country_options(locale),
        "zones": zone_options(),
    }


def form_page(
    request: Request, view: str, given: Given, *, status: int = 200, **data: Any
) -> Response:  # Any: as above
    """Render a page with a form for facts."""
    return page(request, view, status=status, **form_words(request, given), **data)
