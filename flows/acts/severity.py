"""How severe an incident is, by the method in the law data."""

from flows.desk import Desk
from laws.question import Facts
from laws.severity import severity_of
from models.duty import Severity
from models.report import Report


def severity_in(desk: Desk, report: Report) -> Severity:
    """The severity of these facts by ENISA 2013."""
    return severity_of(Facts(report), desk.laws.methods.enisa)
