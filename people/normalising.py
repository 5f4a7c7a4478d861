"""The one SELECT that turns cells into a person: names, dates, addresses, codes, and the keys that duplicates share."""

from collections.abc import Sequence
from datetime import date

from models.vocabulary import Category, Relationship
from people.columns import Mapping

DATES = {
    "ymd": ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y.%m.%d", "%Y-%m-%d %H:%M:%S", "%Y年%m月%d日"),
    "dmy": ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y"),
    "mdy": ("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y", "%b %d, %Y", "%B %d, %Y"),
}
EMAIL = r"[a-z0-9.!#$%&''*+/=?^_`{|}~-]+@[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+"
UNSEEN = "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"  # no sign of a name or address
YES = "('true', 'yes', 'y', '1', 'x', 'ja', 'oui', 'si', 'minor')"
NO = "('false', 'no', 'n', '0', 'nein', 'non', 'adult')"


def cell(position: int) -> str:
    """The text of one column, trimmed; NULL where it is empty. Only what may have a space at an end is looked at closely."""
    cell = f"c{position}"
    return (
        f"CASE WHEN {cell} < '!' OR ends_with({cell}, ' ') OR strlen({cell}) <> length({cell}) "
        f"THEN nullif(trim(translate({cell}, '{UNSEEN}', '')), '') ELSE {cell} END"
    )


def selecting(
    source: str,
    headers: Sequence[str],
    fields: dict[str, list[int]],
    mapping: Mapping,
    *,
    file: int,
    today: date,
    order: str,
    counted: bool,
) -> str:
    """SQL for the rows of `record` from a relation with columns c0, c1 ... (and line, reason where `counted`)."""
    one = {field: _first(fields.get(field, [])) for field in ("given_name", "family_name", "full_name", "birth_date", "phone", "street", "city", "postcode", "country", "subdivision", "language", "relationship", "minor", "categories", "identifier")}  # fmt: skip
    one["street"] = _street(one["street"], _first(fields.get("house_number", [])), _first(fields.get("street_2", [])))
    words = ", ".join(f"{sql} AS {field}_" for field, sql in one.items())
    default = mapping.defaults
    columns = [f"c{position}" for position in range(len(headers))]
    return f"""
    WITH cells AS (
        SELECT {"line, reason" if counted else "NULL::BIGINT AS line, NULL::VARCHAR AS reason"}, {words},
            {_emails_text(fields.get("email", []))} AS email_, {_kept(headers, mapping)} AS extra_, {", ".join(columns)}
        FROM {source}),
    placed AS (
        SELECT c.*, {_country(default.country)} AS country__, regexp_full_match(email_, '{EMAIL}') AS one_email,
            coalesce(nullif(concat_ws(' ', given_name_, family_name_), ''),
                CASE WHEN contains(full_name_, ', ') THEN concat(split_part(full_name_, ', ', 2), ' ', split_part(full_name_, ', ', 1))
                ELSE full_name_ END) AS name__,
            {_bare(_ADDRESS)} AS address__,
            {_date("birth_date_", order)} AS birth__, {_digits()} AS digits
        FROM cells c {_join(f"country_name n ON n.name = lower(strip_accents(coalesce(country_, {_OF_THE_PART})))", bool(fields.keys() & {"country", "subdivision"}))}),
    parted AS (
        SELECT p.*, s.code AS part__, {_phone()} AS phone__, {_bare("name__")} AS bare_name,
            regexp_matches(bare_name, '[^a-z]') AS odd_name,
            CASE WHEN email_ IS NULL THEN []::VARCHAR[] WHEN one_email THEN [email_]
                ELSE list_filter({_EACH_EMAIL}, lambda e: regexp_full_match(e, '{EMAIL}')) END AS emails__,
            CASE WHEN NOT one_email THEN len({_EACH_EMAIL}) ELSE 0 END AS odd_emails
        FROM placed p
        {_join("part_name s ON s.place = concat(country__, ':', lower(strip_accents(subdivision_)))", "subdivision" in fields)}
        {_join(f"calling i ON i.prefix = {_prefix()}", "phone" in fields)}
        {_join("trunk t ON t.country = p.country__", "phone" in fields)}),
    keyed AS (
        SELECT *, CASE WHEN odd_name THEN regexp_replace({_folded("bare_name")}, '[^\\pL]+', '', 'g') ELSE bare_name END AS key__,
            CASE WHEN regexp_matches(address__, '[^a-z0-9]') THEN regexp_replace({_folded("address__")}, '[^\\pL\\pN]+', '', 'g')
                ELSE address__ END AS place__
        FROM parted)
    SELECT hash(uuid()), {file}, line, given_name_, family_name_,
        CASE WHEN given_name_ IS NULL AND family_name_ IS NULL THEN name__ END, birth__,
        emails__, CASE WHEN phone__ IS NULL THEN []::UBIGINT[] ELSE [phone__[2:]::UBIGINT] END, street_, city_, postcode_, country__, part__,
        {_language(default.language)}, {_relationship(default.relationship)}, {_minor(today)}, {_categories(default.categories)},
        CASE WHEN birth__ IS NULL AND birth_date_ IS NOT NULL OR len(emails__) < odd_emails
                OR country__ IS NULL AND country_ IS NOT NULL OR part__ IS NULL AND subdivision_ IS NOT NULL
            THEN map_from_entries(list_concat(map_entries(extra_), list_filter([
                {{'key': 'birth_date as given', 'value': CASE WHEN birth__ IS NULL THEN birth_date_ END}},
                {{'key': 'email as given', 'value': CASE WHEN len(emails__) < odd_emails THEN array_to_string({_EACH_EMAIL}, '; ') END}},
                {{'key': 'country as given', 'value': CASE WHEN country__ IS NULL THEN country_ END}},
                {{'key': 'subdivision as given', 'value': CASE WHEN part__ IS NULL THEN subdivision_ END}}
                ], lambda e: e.value IS NOT NULL)))
            ELSE extra_ END,
        identifier_, CASE WHEN phone__ IS NULL THEN phone_ END,
        CASE WHEN identifier_ IS NOT NULL THEN hash(identifier_, coalesce(key__, '')) END,
        CASE WHEN len(emails__) > 0 THEN hash(emails__[1], coalesce(key__, '')) END,
        CASE WHEN key__ <> '' AND birth__ IS NOT NULL THEN hash(key__, birth__) END,
        CASE WHEN key__ <> '' AND place__ IS NOT NULL THEN hash(key__, place__) END,
        {_reason(headers, fields)} AS reason__, CASE WHEN reason__ IS NOT NULL THEN [{", ".join(columns)}] END
    FROM keyed {_join("language_name l ON l.name = lower(strip_accents(language_))", "language" in fields)}
    """


def _join(table: str, wanted: bool) -> str:
    """A small table to look words up in; nothing is looked up where the file has no such column."""
    return f"LEFT JOIN {table}" if wanted else f"LEFT JOIN {table.partition(' ON ')[0]} ON false"


def name_key(name: str) -> str:
    """A name without case, accents and signs, as SQL: what names are compared by."""
    return f"regexp_replace({_folded(_bare(name))}, '[^\\pL]+', '', 'g')"


def _folded(text: str) -> str:
    """Letters whose capitals are those of other letters: Weiß is WEISS, Işık is IŞIK, Κώστας is ΚΩΣΤΑΣ."""
    return f"translate(replace({text}, 'ß', 'ss'), 'ıς', 'iσ')"


def _bare(text: str) -> str:
    return f"replace(lower(strip_accents({text})), ' ', '')"


def _first(positions: Sequence[int]) -> str:
    if not positions:
        return "NULL::VARCHAR"
    return cell(positions[0]) if len(positions) == 1 else f"coalesce({', '.join(map(cell, positions))})"


_EACH_EMAIL = "each_once(list_filter(list_transform(regexp_split_to_array(email_, '[;,]'), lambda e: trim(regexp_replace(e, '^.*<([^<>]*)>\\s*$|^\\s*mailto:', '\\1'))), lambda e: e <> ''))"


def _street(street: str, house_number: str, second: str) -> str:
    """The street with what other columns hold of it, in the order in which it is written on an envelope."""
    if house_number == second == _first([]):
        return street
    return (
        f"CASE WHEN {street} IS NOT NULL THEN concat_ws(', ', concat_ws(' ', {street}, {house_number}), {second}) END"
    )


def _emails_text(positions: Sequence[int]) -> str:
    """All addresses of a row in one text, lower case; several are parted by ; or ,."""
    if len(positions) < 2:
        return f"lower({_first(positions)})"
    return f"nullif(lower(concat_ws(';', {', '.join(map(cell, positions))})), '')"


def _kept(headers: Sequence[str], mapping: Mapping) -> str:
    kept = [position for position, header in enumerate(headers) if header in mapping.keep]
    names = ", ".join(f"'{headers[position].replace(chr(39), chr(39) * 2)}'" for position in kept)
    values = ", ".join(f"c{position}" for position in kept)
    return f"map([{names}]::VARCHAR[], [{values}]::VARCHAR[])"


def _header_again(headers: Sequence[str], fields: dict[str, list[int]]) -> str:
    """Whether the row says in its first fields what the header says."""
    single = [(field, headers[places[0]]) for field, places in fields.items() if len(places) == 1][:3]
    said = [(field, header.lower() if field == "email" else header) for field, header in single]
    return " AND ".join(f"{field}_ = '{header.replace(chr(39), chr(39) * 2)}'" for field, header in said) or "false"


def _country(default: str | None) -> str:
    """As the row says it; else the default; else the United States where a state and a ZIP code say so."""
    american = "CASE WHEN country_ IS NULL AND regexp_full_match(subdivision_, '[A-Z]{2}') AND regexp_full_match(postcode_, '[0-9]{5}(-?[0-9]{4})?') THEN 'US' END"
    return f"coalesce(n.code, CASE WHEN country_ IS NULL THEN {_literal(default)} END, {american})"


_OF_THE_PART = "CASE WHEN regexp_full_match(subdivision_, '[A-Z]{2}-[A-Z0-9]{1,3}') THEN subdivision_[:2] END"  # US-NY


def _literal(value: str | None) -> str:
    return f"'{value}'" if value else "NULL::VARCHAR"


def _date(column: str, order: str) -> str:
    first = order if order != "ymd" else "dmy"
    other = {"dmy": "mdy", "mdy": "dmy"}[first]  # for what only that order can read
    formats = ", ".join(f"'{each}'" for each in (*DATES["ymd"], *DATES[first], *DATES[other]))
    read = f"coalesce(try_cast({column} AS DATE), try_strptime({column}, [{formats}])::DATE)"
    return f"CASE WHEN {column} IS NOT NULL AND {read} BETWEEN DATE '1895-01-01' AND current_date THEN {read} END"


def _prefix() -> str:
    """The first three digits of an international number, by which `calling` knows its calling code."""
    return "CASE WHEN digits[1] = '+' THEN digits[2:4] END"


def _phone() -> str:
    """The number where its length is one that the country uses; NULL leaves it to `phonenumbers`."""
    return """CASE
        WHEN list_contains(i.lengths, len(digits) - 1 - i.code_digits) THEN digits
        WHEN t.trunk <> '' AND starts_with(digits, t.trunk) AND list_contains(t.lengths, len(digits) - len(t.trunk))
            THEN concat('+', t.prefix, digits[len(t.trunk) + 1:])
        WHEN digits[1] <> '+' AND list_contains(t.lengths, len(digits)) THEN concat('+', t.prefix, digits) END"""


def _language(default: str | None) -> str:
    code = "CASE WHEN regexp_full_match(language_, '[A-Za-z]{2}([-_][A-Za-z0-9]{2,8})*') THEN concat(lower(language_[:2]), replace(language_[3:], '_', '-')) END"
    return f"coalesce({code}, l.code, {_literal(default)})"


def _relationship(default: Relationship | None) -> str:
    known = ", ".join(f"'{each.value}'" for each in Relationship)
    return f"CASE WHEN lower(relationship_) IN ({known}) THEN lower(relationship_) ELSE {_literal(default.value if default else None)} END"


def _minor(today: date) -> str:
    return f"CASE WHEN lower(minor_) IN {YES} THEN true WHEN birth__ IS NOT NULL THEN birth__ > DATE '{today}' - INTERVAL 18 YEAR WHEN lower(minor_) IN {NO} THEN false END"


def _categories(default: Sequence[Category]) -> str:
    known = ", ".join(f"'{each.value}'" for each in Category)
    given = ", ".join(f"'{each.value}'" for each in default)
    words = "list_transform(regexp_split_to_array(lower(categories_), '[,;|]'), lambda w: replace(trim(w), ' ', '_'))"
    return f"CASE WHEN categories_ IS NULL THEN [{given}]::VARCHAR[] ELSE list_filter({words}, lambda w: w IN ({known})) END"


_ADDRESS = "CASE WHEN street_ IS NOT NULL THEN concat(street_, coalesce(postcode_[:5], city_, '')) END"


def _digits() -> str:
    national = "regexp_replace(regexp_replace(phone_, '^\\s*00', '+'), '^(\\+.*)\\(0\\)|\\.0$', '\\1')"  # +49 (0)30; 30.0 of a sheet
    bare = f"regexp_replace({national}, '[^0-9+]', '', 'g')"
    return f"CASE WHEN regexp_full_match(phone_, '\\+[0-9]+') THEN phone_ ELSE {bare} END"


def _reason(headers: Sequence[str], fields: dict[str, list[int]]) -> str:
    """Why a row cannot be used, or NULL; a plain name and a whole address hold no signs to look for."""
    return f"""CASE
        WHEN reason IS NOT NULL THEN reason
        WHEN {_header_again(headers, fields)} THEN 'the header again'
        WHEN NOT one_email AND regexp_matches(email_, '[\\x00-\\x1f]')
            THEN 'a line break or control character in the e-mail address'
        WHEN odd_name AND regexp_matches(name__, '^[=@]|^[-+].*[0-9(|!]') THEN 'a formula where a name belongs'
        WHEN odd_name AND regexp_matches(name__, '[\\x00-\\x1f]')
            THEN 'a line break or control character in the name'
        WHEN identifier_ IS NULL AND coalesce(key__, '') = '' AND len(emails__) = 0 AND phone_ IS NULL
            THEN 'nothing in it says who the person is'
        END"""
