"""What lists of places and time zones offer."""

from collections.abc import Iterator
from functools import cache
from zoneinfo import available_timezones

import pycountry
from babel import Locale
from markupsafe import Markup

from templates.facts import place_name

IN_PARTS = ("US", "CA", "AU", "CN")  # whose parts have laws of their own, or official gradings that ask for them


@cache
def place_options(locale: str) -> Markup:
    """Every country by its name in the language of the locale, then the parts of some."""
    names = Locale.parse(locale)
    countries = {country.alpha_2: place_name(country.alpha_2, names) for country in pycountry.countries}
    groups = [_options(countries)]
    for country in IN_PARTS:
        parts = {
            part.code: place_name(part.code, names) for part in pycountry.subdivisions if part.country_code == country
        }
        groups.append(Markup('<optgroup label="{}">{}</optgroup>').format(countries[country], _options(parts)))
    return Markup("").join(groups)


@cache
def country_options(locale: str) -> Markup:
    """Every country by its name in the language of the locale."""
    names = Locale.parse(locale)
    return _options({country.alpha_2: place_name(country.alpha_2, names) for country in pycountry.countries})


@cache
def zone_options() -> Markup:
    """Every time zone that is called by a place."""
    return Markup("").join(Markup("<option>{}</option>").format(name) for name in ("UTC", *sorted(_zones())))


def _zones() -> Iterator[str]:
    return (name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/")))


def _options(names: dict[str, str]) -> Markup:
    ordered = sorted(names.items(), key=lambda item: item[1])
    return Markup("").join(
        Markup('<option value="{}">{} ({})</option>').format(code, name, code) for code, name in ordered
    )
