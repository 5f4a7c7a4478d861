"""Small tables that turn what people write into codes: countries, their parts, languages, telephone prefixes."""

import unicodedata
from collections.abc import Iterable, Iterator

import duckdb
import phonenumbers
import pycountry
from phonenumbers import PhoneMetadata

ALSO_CALLED = {
    "usa": "US", "u.s.a.": "US", "u.s.": "US", "united states of america": "US", "uk": "GB", "great britain": "GB",
    "england": "GB", "scotland": "GB", "wales": "GB", "deutschland": "DE", "osterreich": "AT", "schweiz": "CH",
    "suisse": "CH", "svizzera": "CH", "espana": "ES", "italia": "IT", "nederland": "NL", "holland": "NL",
    "belgique": "BE", "belgie": "BE", "polska": "PL", "sverige": "SE", "norge": "NO", "danmark": "DK", "suomi": "FI",
    "eire": "IE", "中国": "CN", "china": "CN", "日本": "JP", "대한민국": "KR", "south korea": "KR", "korea": "KR",
    "brasil": "BR", "russia": "RU", "turkey": "TR", "turkiye": "TR", "czech republic": "CZ", "taiwan": "TW",
    "hong kong": "HK", "vietnam": "VN", "viet nam": "VN", "el": "GR",
}  # fmt: skip


PARTS_IN_ENGLISH = {
    "DE": {
        "bavaria": "BY", "hesse": "HE", "lower saxony": "NI", "north rhine-westphalia": "NW", "rhineland-palatinate": "RP",
        "saxony": "SN", "saxony-anhalt": "ST", "thuringia": "TH", "baden-wuerttemberg": "BW",
        "mecklenburg-western pomerania": "MV",
    },
}  # fmt: skip


def lay_out(connection: duckdb.DuckDBPyConnection) -> None:
    """Put the tables into the connection's temporary schema."""
    _table(connection, "country_name", "name VARCHAR, code VARCHAR", dict(_countries()).items())
    _table(connection, "part_name", "place VARCHAR, code VARCHAR", dict(_parts()).items())
    _table(connection, "language_name", "name VARCHAR, code VARCHAR", dict(_languages()).items())
    _table(connection, "calling", "prefix VARCHAR, code_digits INTEGER, lengths INTEGER[]", _calling())
    _table(connection, "trunk", "country VARCHAR, prefix VARCHAR, trunk VARCHAR, lengths INTEGER[]", _trunks())


def bare(name: str) -> str:
    """A name as the tables hold it: lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", name.strip().lower())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def _table(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    lists = [list(column) for column in zip(*rows, strict=True)]
    types = [column.split()[1] for column in columns.split(", ")]
    connection.execute(f"INSERT INTO {name} SELECT {', '.join(f'unnest(?::{kind}[])' for kind in types)}", lists)


def _countries() -> Iterator[tuple[str, str]]:
    for country in pycountry.countries:
        for name in (country.alpha_2, country.alpha_3, country.name, getattr(country, "common_name", country.name)):
            yield bare(name), country.alpha_2
    yield from ALSO_CALLED.items()


def _parts() -> Iterator[tuple[str, str]]:
    for part in pycountry.subdivisions:
        country, _, short = part.code.partition("-")
        yield f"{country}:{bare(part.name)}", part.code
        yield f"{country}:{short.lower()}", part.code
        yield f"{country}:{part.code.lower()}", part.code
    for country, names in PARTS_IN_ENGLISH.items():
        yield from ((f"{country}:{name}", f"{country}-{short}") for name, short in names.items())


def _languages() -> Iterator[tuple[str, str]]:
    for language in pycountry.languages:
        if code := getattr(language, "alpha_2", None):
            yield bare(language.name), code
    yield from {
        "deutsch": "de",
        "francais": "fr",
        "espanol": "es",
        "italiano": "it",
        "中文": "zh",
        "日本語": "ja",
    }.items()


def _calling() -> list[tuple[object, ...]]:
    """Every first three digits of an international number: how many of them are the calling code, and the lengths after it."""
    found: dict[int, set[int]] = {}
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        for region in regions:
            data = PhoneMetadata.metadata_for_region(region)
            if data and data.general_desc:
                found.setdefault(code, set()).update(data.general_desc.possible_length)
    return [
        (f"{code}{rest:0{3 - digits}}"[:3], digits, sorted(lengths))
        for code, lengths in found.items()
        for digits in (len(str(code)),)
        for rest in range(10 ** (3 - digits))
    ]


def _trunks() -> list[tuple[object, ...]]:
    """Countries whose national numbers are read by leaving out one fixed prefix; the others are read by `phonenumbers`."""
    rows: list[tuple[object, ...]] = []
    for region in phonenumbers.SUPPORTED_REGIONS:
        data = PhoneMetadata.metadata_for_region(region)
        plain = data and data.national_prefix_for_parsing in (None, data.national_prefix) and data.general_desc
        if data and plain:
            rows.append((region, str(data.country_code), data.national_prefix or "", list(plain.possible_length)))
    return rows
