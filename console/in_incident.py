"""The frame of every page about one incident: its name, its most urgent clock, and the way to its other pages."""

from typing import Any

from fastapi import Request, Response

from console.page import page, words_for
from console.rights import Right
from console.story import asked, named, titled
from flows.acts.heading import heading
from flows.desk import Desk

TABS: tuple[tuple[Right, str, str], ...] = (
    (Right.SEE, "", "tab.now"),
    (Right.ADD_FACTS, "/facts", "tab.facts"),
    (Right.SEE, "/duties", "tab.duties"),
    (Right.SEE, "/undecided", "tab.undecided"),
    (Right.SEE, "/steps", "tab.steps"),
    (Right.SEE_TEXTS, "/notices", "tab.notices"),
    (Right.SEE, "/people", "tab.people"),
    (Right.SEE_TEXTS, "/audit", "tab.audit"),
    (Right.SEE_PEOPLE, "/evidence", "tab.evidence"),
    (Right.MANAGE_MEMBERS, "/members", "tab.members"),
    (Right.AUDIT, "/seen", "tab.seen"),
)


def incident_page(
    request: Request, desk: Desk, number: str, view: str, *, status: int = 200, **data: Any
) -> Response:  # Any: what a view shows
    """Render a view that extends `in_incident.html`."""
    words = words_for(request)
    return page(
        request,
        view,
        status=status,
        incident=heading(desk, number),
        tabs=TABS,
        titled=titled(words),
        named=named(words),
        asked=asked(words),
        **data,
    )
