"""The closed lists of words that a report, a law and a playbook share.

Values, never member names, are what files and rows hold.
"""

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    """What kind of incident it is."""

    RANSOMWARE = "ransomware"
    EXFILTRATION = "exfiltration"
    LOST_OR_STOLEN_DEVICE = "lost_or_stolen_device"
    LOST_OR_STOLEN_PAPER = "lost_or_stolen_paper"
    MISDIRECTED_MESSAGE = "misdirected_message"
    UNAUTHORISED_PUBLICATION = "unauthorised_publication"
    CREDENTIAL_ATTACK = "credential_attack"
    INSIDER_MISUSE = "insider_misuse"
    WEB_SKIMMING = "web_skimming"
    THIRD_PARTY = "third_party"
    MISCONFIGURATION = "misconfiguration"
    SOCIAL_ENGINEERING = "social_engineering"
    IMPROPER_DISPOSAL = "improper_disposal"
    DESTRUCTION_OR_OUTAGE = "destruction_or_outage"
    OTHER = "other"


class Cause(StrEnum):
    """Whether somebody meant it, and from which side."""

    MALICIOUS_EXTERNAL = "malicious_external"
    MALICIOUS_INTERNAL = "malicious_internal"
    ACCIDENTAL = "accidental"


class Effect(StrEnum):
    """What the breach did to the data."""

    CONFIDENTIALITY = "confidentiality"
    INTEGRITY = "integrity"
    AVAILABILITY = "availability"


class Role(StrEnum):
    """What the organisation is to the data, in the words of the GDPR."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"
    JOINT_CONTROLLER = "joint_controller"


class Sector(StrEnum):
    """What the organisation does."""

    HEALTH = "health"
    FINANCE = "finance"
    BANKING = "banking"
    INSURANCE = "insurance"
    TELECOM = "telecom"
    ENERGY = "energy"
    TRANSPORT = "transport"
    WATER = "water"
    DIGITAL_INFRASTRUCTURE = "digital_infrastructure"
    EDUCATION = "education"
    GOVERNMENT = "government"
    RETAIL = "retail"
    MANUFACTURING = "manufacturing"
    TECHNOLOGY = "technology"
    MEDIA = "media"
    LEGAL = "legal"
    OTHER = "other"


class Attribute(StrEnum):
    """A legal status of the organisation that some law asks about."""

    US_LISTED = "us_listed"
    HIPAA_COVERED_ENTITY = "hipaa_covered_entity"
    HIPAA_BUSINESS_ASSOCIATE = "hipaa_business_associate"
    GLBA_INSTITUTION = "glba_institution"
    NYDFS_COVERED_ENTITY = "nydfs_covered_entity"
    CRITICAL_INFRASTRUCTURE = "critical_infrastructure"
    ESSENTIAL_ENTITY = "essential_entity"
    IMPORTANT_ENTITY = "important_entity"
    DORA_FINANCIAL_ENTITY = "dora_financial_entity"
    CREDIT_INSTITUTION = "credit_institution"
    TRUST_SERVICE_PROVIDER = "trust_service_provider"
    PRODUCT_MANUFACTURER = "product_manufacturer"
    NAIC_LICENSEE = "naic_licensee"
    PHR_VENDOR = "phr_vendor"
    STATE_ORGAN = "state_organ"
    SECURITY_SUPPLIER = "security_supplier"
    SMALL_SCALE_AGENT = "small_scale_agent"
    PUBLIC_AUTHORITY = "public_authority"
    OCC_SUPERVISED = "occ_supervised"
    FRB_SUPERVISED = "frb_supervised"
    FDIC_SUPERVISED = "fdic_supervised"
    NCUA_INSURED = "ncua_insured"
    SEC_REGSP_INSTITUTION = "sec_regsp_institution"
    SCI_ENTITY = "sci_entity"
    FOREIGN_PRIVATE_ISSUER = "foreign_private_issuer"
    FHA_MORTGAGEE = "fha_mortgagee"
    TSA_DESIGNATED = "tsa_designated"
    NERC_RESPONSIBLE_ENTITY = "nerc_responsible_entity"
    DOD_CONTRACTOR = "dod_contractor"
    US_FEDERAL_AGENCY = "us_federal_agency"
    TITLE_IV_INSTITUTION = "title_iv_institution"
    GENERAL_HOSPITAL = "general_hospital"
    INFORMATION_BROKER = "information_broker"
    EU_INSTITUTION = "eu_institution"
    LAW_ENFORCEMENT_AUTHORITY = "law_enforcement_authority"
    QUALIFIED_TRUST_SERVICE_PROVIDER = "qualified_trust_service_provider"
    AI_PROVIDER = "ai_provider"
    CENTRAL_COUNTERPARTY = "central_counterparty"
    TRADING_VENUE_OPERATOR = "trading_venue_operator"
    PAYMENT_INSTITUTION = "payment_institution"
    PUBLIC_COMMUNICATIONS_PROVIDER = "public_communications_provider"


STATUS_MEANINGS: Mapping[Attribute, str] = {
    Attribute.US_LISTED: "a registrant under the US Securities Exchange Act of 1934",
    Attribute.HIPAA_COVERED_ENTITY: "a health care provider, health plan or clearing house covered by HIPAA (45 CFR 160.103)",
    Attribute.HIPAA_BUSINESS_ASSOCIATE: "a business associate under HIPAA (45 CFR 160.103)",
    Attribute.GLBA_INSTITUTION: "a financial institution under the Gramm-Leach-Bliley Act",
    Attribute.NYDFS_COVERED_ENTITY: "licensed or chartered under New York's banking, insurance or financial services law (23 NYCRR 500)",
    Attribute.CRITICAL_INFRASTRUCTURE: "an operator of critical infrastructure, designated so by law or by an authority (a critical entity in the EU, an operator of critical information infrastructure in China)",
    Attribute.ESSENTIAL_ENTITY: "an essential entity under NIS2, or in the United Kingdom an operator of essential services",
    Attribute.IMPORTANT_ENTITY: "an important entity under NIS2, or in the United Kingdom a relevant digital service provider",
    Attribute.DORA_FINANCIAL_ENTITY: "a financial entity under DORA, Art. 2(1)",
    Attribute.CREDIT_INSTITUTION: "a credit institution (a bank licensed in the EEA)",
    Attribute.TRUST_SERVICE_PROVIDER: "a trust service provider under the eIDAS Regulation",
    Attribute.PRODUCT_MANUFACTURER: "a manufacturer or provider of network products or products with digital elements",
    Attribute.NAIC_LICENSEE: "licensed under the insurance law of a US state that adopted the NAIC model law 668",
    Attribute.PHR_VENDOR: "a vendor of personal health records, or a related entity, outside HIPAA (16 CFR 318)",
    Attribute.STATE_ORGAN: "a department, or a unit directly under a department, of China's central or state organs",
    Attribute.SECURITY_SUPPLIER: "a supplier of security, operation or maintenance to a network operator in China",
    Attribute.SMALL_SCALE_AGENT: "a small-scale processing agent under the rules of Brazil's ANPD (the period is doubled)",
    Attribute.PUBLIC_AUTHORITY: "a public authority or body",
    Attribute.OCC_SUPERVISED: "a bank whose primary US federal regulator is the Office of the Comptroller of the Currency",
    Attribute.FRB_SUPERVISED: "a bank whose primary US federal regulator is the Federal Reserve",
    Attribute.FDIC_SUPERVISED: "a bank whose primary US federal regulator is the FDIC",
    Attribute.NCUA_INSURED: "a federally insured credit union (NCUA)",
    Attribute.SEC_REGSP_INSTITUTION: "a broker-dealer, funding portal, investment company, registered investment adviser or transfer agent (SEC Regulation S-P)",
    Attribute.SCI_ENTITY: "an SCI entity: an exchange, clearing agency, plan processor or large trading system (SEC Regulation SCI)",
    Attribute.FOREIGN_PRIVATE_ISSUER: "a foreign private issuer (files Form 6-K with the SEC in place of Form 8-K)",
    Attribute.FHA_MORTGAGEE: "a lender approved by the US Federal Housing Administration",
    Attribute.TSA_DESIGNATED: "a pipeline, rail or aviation operator designated in a TSA security directive",
    Attribute.NERC_RESPONSIBLE_ENTITY: "a responsible entity of the bulk electric system (NERC CIP-008)",
    Attribute.DOD_CONTRACTOR: "a contractor or subcontractor of the US Department of Defense that holds covered defense information (DFARS 252.204-7012)",
    Attribute.US_FEDERAL_AGENCY: "an agency of the United States federal government (FISMA)",
    Attribute.TITLE_IV_INSTITUTION: "a school or servicer of US federal student aid (Title IV of the Higher Education Act)",
    Attribute.GENERAL_HOSPITAL: "a general hospital licensed under New York's Public Health Law, Art. 28",
    Attribute.INFORMATION_BROKER: "an information broker: it sells information about people to others who are not connected to it (Georgia)",
    Attribute.EU_INSTITUTION: "an institution, body, office or agency of the European Union",
    Attribute.LAW_ENFORCEMENT_AUTHORITY: "a competent authority that processes data to prevent, investigate or prosecute crime",
    Attribute.QUALIFIED_TRUST_SERVICE_PROVIDER: "a qualified trust service provider under the eIDAS Regulation",
    Attribute.AI_PROVIDER: "a provider of a high-risk AI system under the EU Artificial Intelligence Act",
    Attribute.CENTRAL_COUNTERPARTY: "a central counterparty",
    Attribute.TRADING_VENUE_OPERATOR: "an operator of a trading venue",
    Attribute.PAYMENT_INSTITUTION: "a payment or electronic-money institution",
    Attribute.PUBLIC_COMMUNICATIONS_PROVIDER: "a provider of public electronic communications networks or services",
}


class Category(StrEnum):
    """A kind of data about people."""

    NAME = "name"
    CONTACT = "contact"
    DATE_OF_BIRTH = "date_of_birth"
    NATIONAL_ID = "national_id"
    SOCIAL_SECURITY_NUMBER = "social_security_number"
    TAX_ID = "tax_id"
    DRIVING_LICENCE = "driving_licence"
    PASSPORT = "passport"
    FINANCIAL_ACCOUNT = "financial_account"
    FINANCIAL_ACCOUNT_WITH_CODE = "financial_account_with_code"
    PAYMENT_CARD = "payment_card"
    PAYMENT_CARD_WITH_CODE = "payment_card_with_code"
    CREDENTIALS = "credentials"
    HEALTH = "health"
    HEALTH_INSURANCE = "health_insurance"
    BIOMETRIC = "biometric"
    GENETIC = "genetic"
    LOCATION = "location"
    BEHAVIOURAL = "behavioural"
    RACE_OR_ETHNICITY = "race_or_ethnicity"
    POLITICAL_OPINION = "political_opinion"
    RELIGION = "religion"
    UNION_MEMBERSHIP = "union_membership"
    SEX_LIFE = "sex_life"
    CRIMINAL_RECORD = "criminal_record"
    EDUCATION = "education"
    EMPLOYMENT = "employment"
    COMMUNICATIONS = "communications"
    TRADE_SECRET = "trade_secret"
    OTHER = "other"


class Classification(StrEnum):
    """How the organisation itself had classed the data."""

    PUBLIC = "public"
    INTERNAL = "internal"
    SENSITIVE = "sensitive"
    CONFIDENTIAL = "confidential"


class Identifiability(StrEnum):
    """How easily a person is recognised from the data (ENISA 2013)."""

    NEGLIGIBLE = "negligible"
    LIMITED = "limited"
    SIGNIFICANT = "significant"
    MAXIMUM = "maximum"


class Relationship(StrEnum):
    """What the affected people are to the organisation."""

    CUSTOMER = "customer"
    EMPLOYEE = "employee"
    PATIENT = "patient"
    USER = "user"
    STUDENT = "student"
    CITIZEN = "citizen"
    INVESTOR = "investor"
    OTHER = "other"


class Circumstance(StrEnum):
    """Something established about the breach that aggravates or mitigates it. Not listed is not established."""

    PUBLICLY_EXPOSED = "publicly_exposed"
    KNOWN_RECIPIENTS = "known_recipients"
    UNKNOWN_RECIPIENTS = "unknown_recipients"
    TRUSTED_RECIPIENT = "trusted_recipient"
    RECIPIENT_CONFIRMED_DELETION = "recipient_confirmed_deletion"
    DATA_RECOVERED_UNREAD = "data_recovered_unread"
    BACKUP_RESTORED_PROMPTLY = "backup_restored_promptly"
    BACKUP_AVAILABLE = "backup_available"
    DATA_UNRECOVERABLE = "data_unrecoverable"
    DATA_ALTERED_AND_USED = "data_altered_and_used"
    DATA_ALTERED_RECOVERABLE = "data_altered_recoverable"
    EXFILTRATION_CONFIRMED = "exfiltration_confirmed"
    EXFILTRATION_EXCLUDED = "exfiltration_excluded"
    ACCESS_LOG_REVIEWED = "access_log_reviewed"
    RANSOM_DEMANDED = "ransom_demanded"
    MISUSE_OBSERVED = "misuse_observed"
    LAW_ENFORCEMENT_HOLD = "law_enforcement_hold"
    REMOTE_WIPED = "remote_wiped"
    SERVICE_DISRUPTED = "service_disrupted"
    CREDENTIALS_RESET = "credentials_reset"
    PERSON_DIED = "person_died"
    PRODUCT_VULNERABILITY = "product_vulnerability"
    PRODUCT_VULNERABILITY_EXPLOITED = "product_vulnerability_exploited"


class OfficialSite(StrEnum):
    """What an interrupted or altered site is to the public of China: a portal of Party or government, or a key news site."""

    CENTRAL_PORTAL = "central_portal"
    PROVINCIAL_PORTAL = "provincial_portal"
    PREFECTURE_PORTAL = "prefecture_portal"
    CENTRAL_NEWS = "central_news"
    PROVINCIAL_NEWS = "provincial_news"
    OTHER_NEWS = "other_news"
    NONE = "none"


class Threat(StrEnum):
    """The threat to national security and social stability from core or important data, least first."""

    NONE = "none"
    RELATIVELY_SERIOUS = "relatively_serious"
    SERIOUS = "serious"
    PARTICULARLY_SERIOUS = "particularly_serious"


class Grade(StrEnum):
    """The grade of a cybersecurity incident in China, least first: 一般, 较大, 重大, 特别重大."""

    GENERAL = "general"
    RELATIVELY_MAJOR = "relatively_major"
    MAJOR = "major"
    PARTICULARLY_MAJOR = "particularly_major"


class Audience(StrEnum):
    """Whom a duty or a notice is for."""

    AUTHORITY = "authority"
    INDIVIDUALS = "individuals"
    CONTROLLER = "controller"
    CREDIT_AGENCIES = "cra"
    MEDIA = "media"
    INVESTORS = "investors"
    CSIRT = "csirt"
    POLICE = "police"
    CUSTOMERS = "customers"
    CONTRACT_PARTY = "contract_party"
    INTERNAL_RECORD = "internal_record"
    PRESS = "press"
    CUSTOMER_CARE = "customer_care"
    STAFF = "staff"
    BOARD = "board"


class Verdict(StrEnum):
    """The answer to whether a duty arises."""

    REQUIRED = "required"
    NOT_REQUIRED = "not_required"
    UNDECIDED = "undecided"


class Confidence(StrEnum):
    """How well the law data behind a duty is supported."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Level(StrEnum):
    """A severity band of the ENISA 2013 method, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    VERY_HIGH = "very_high"


class PersonRole(StrEnum):
    """What a person may do in a response."""

    REPORTER = "reporter"
    RESPONDER = "responder"
    COMMANDER = "commander"
    LEGAL = "legal"
    PR = "pr"
    EXECUTIVE = "executive"
    CUSTOMER_CARE = "customer_care"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
