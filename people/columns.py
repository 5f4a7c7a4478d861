"""Which column of a file is which field of a person: matched by name, or as a mapping file says."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from models.document import nearest, read_document, validated
from models.errors import BadInputError
from models.report import Country, Language
from models.vocabulary import Category, Relationship

KNOWN_NAMES: dict[str, str] = {
    "given_name": "given_name first_name firstname forename given prenom vorname nombre nome first fname voornaam imie fornamn nome_proprio nombres 名",
    "family_name": "family_name last_name lastname surname family nom nachname apellido apellidos cognome last lname nom_de_famille achternaam nazwisko efternamn sobrenome primer_apellido 姓",
    "full_name": "full_name name fullname patient_name customer_name employee_name display_name nom_complet 姓名 氏名 member_name naam nome_completo nombre_completo nombre_y_apellidos 名前 客户姓名",
    "birth_date": "birth_date date_of_birth dob birthdate birthday born geburtsdatum date_de_naissance fecha_de_nacimiento data_di_nascita 出生日期 生年月日 geburtstag geb_datum geb_dat geburtsdat geboortedatum fecha_nacimiento data_urodzenia fodelsedatum data_de_nascimento ne_le 出生年月",
    "email": "email e_mail email_address e_mail_address mail courriel correo email2 email_2 secondary_email work_email personal_email email_adresse e_mail_adresse 邮箱 电子邮件 メール emailadresse e_mailadres adresse_e_mail adresse_email adresse_mail adresse_electronique mel correo_electronico correo_e direccion_de_correo indirizzo_email indirizzo_e_mail indirizzo_mail endereco_de_email epost e_post adres_e_mail 电子邮箱 メールアドレス",
    "phone": "phone phone_number telephone tel mobile mobile_phone cell cell_phone phone2 phone_2 home_phone work_phone telefon handy telefono numero_de_telephone 电话 手机 電話 tel_nr telefonnummer telefonnr telefon_nr telefoonnummer telefoon mobil mobilnummer mobiltelefon handynummer portable mobile_number cellulare cell_number numero_telefono movil telefono_movil telemovel telefone telefone_celular 手机号 手机号码 电话号码 联系电话 携帯電話 電話番号",
    "street": "street address address1 address_1 address_line_1 street_address addr strasse adresse direccion indirizzo rue mailing_address 地址 住所 anschrift strasse_hausnummer strasse_und_hausnummer strasse_nr adres adress gatuadress straat calle domicilio via morada endereco ulica street_name 通讯地址 联系地址",
    "house_number": "house_number street_number building_number hausnummer hausnr haus_nr huisnummer numero_de_voie numero_civico civico numero_exterior nr_domu 门牌号",
    "street_2": "street_2 street2 address2 address_2 address_line_2 addressline2 addr2 apartment apt unit suite adresszusatz adress_zusatz complement_d_adresse complement_adresse adresse_2 piso",
    "city": "city town locality ort stadt ville ciudad citta municipality 城市 wohnort plaats woonplaats commune localidad poblacion comune cidade localidade miasto postort stad 市",
    "postcode": "postcode postal_code zip zip_code zipcode plz code_postal codigo_postal cap 邮编 郵便番号 postleitzahl postal cp kod_pocztowy postnummer 邮政编码",
    "country": "country country_code land pays pais paese nation country_of_residence 国家 staat wohnsitzland land_des_wohnsitzes pays_de_residence pais_de_residencia kraj 国籍国家 国",
    "subdivision": "subdivision state province region state_code bundesland kanton canton provincia prefecture state_province 省",
    "language": "language lang preferred_language locale sprache langue idioma lingua 语言",
    "relationship": "relationship person_type affiliation relation",
    "minor": "minor is_minor under_18 child minderjahrig mineur",
    "categories": "categories data_categories data_exposed exposed_data affected_data",
    "identifier": "identifier id customer_id patient_id employee_id member_id account_id customer_number mrn user_id kundennummer ssn national_id",
}  # fmt: skip
WHO = frozenset({"full_name", "family_name", "email", "phone", "identifier"})
BY_NAME = {name: field for field, names in KNOWN_NAMES.items() for name in names.split()}


class Defaults(BaseModel):
    """What holds for every row that does not say it itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    country: Country | None = None
    language: Language | None = None
    relationship: Relationship | None = None
    categories: list[Category] = []


class Mapping(BaseModel):
    """How a person says to read a file; a column that is not named is matched by its name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str | None] = {}
    keep: list[str] = []
    dates: Literal["dmy", "mdy", "ymd"] | None = None
    defaults: Defaults = Defaults()

    @field_validator("columns")
    @classmethod
    def _known_fields(cls, columns: dict[str, str | None]) -> dict[str, str | None]:
        for field in columns.values():
            if field is not None and field not in KNOWN_NAMES:
                raise ValueError(f"{field!r} is no field of a person{nearest(field, KNOWN_NAMES)}")
        return columns


def read_mapping(file: Path | None) -> Mapping:
    """The mapping of a file, or the empty one."""
    return validated(Mapping, read_document(file)) if file else Mapping()


def field_of(header: str, mapping: Mapping) -> str | None:
    """The field that a column with this header fills."""
    if header in mapping.columns:
        return mapping.columns[header]
    return BY_NAME.get(plain(header))


def names_people(headers: Sequence[str], mapping: Mapping) -> bool:
    """Whether a header says of its rows who they are."""
    return any(field_of(header, mapping) in WHO for header in headers)


def plain(header: str) -> str:
    """A header without case, accents and signs, words joined by `_`."""
    spelled = unicodedata.normalize("NFKD", header.strip().replace("ß", "ss").replace("ł", "l"))
    letters = "".join(sign for sign in spelled if not unicodedata.combining(sign))
    return re.sub(r"\W+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", letters).lower()).strip("_")


def matched(headers: Sequence[str], mapping: Mapping, source: str) -> dict[str, list[int]]:
    """For each field the columns that fill it, by position.

    Raises `BadInputError` where a column that the mapping names is missing, or nothing says who a person is.
    """
    found: dict[str, list[int]] = {}
    for position, header in enumerate(headers):
        field = field_of(header, mapping)
        if field:
            found.setdefault(field, []).append(position)
    missing = [name for name in (*mapping.columns, *mapping.keep) if name not in headers]
    if missing:
        hint = nearest(missing[0], headers) if found else ""
        raise BadInputError(f"{source}: no column is called {missing[0]!r}{hint}")
    if not found.keys() & WHO:
        # without a header its first row is somebody, who must not stand in a message
        raise BadInputError(
            f"{source}: no column says who a person is, among {len(headers)}; give the first row names, or name the columns in a mapping file with --map"
        )
    return found
