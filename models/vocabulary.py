"""The closed lists of words that a report, a law and a playbook share.

Values, never member names, are what files and rows hold.
"""

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
