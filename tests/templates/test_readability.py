import pytest

from templates.language import languages
from templates.readability import FEWEST_WORDS, MEASURES, level

EASY = {
    "en": "We lost a box with your name in it. We are sorry. Call us if you want to know more.\n",
    "de": "Wir haben einen Brief mit Ihrem Namen verloren. Es tut uns leid. Rufen Sie uns an.\n",
    "fr": "Nous avons perdu un sac avec votre nom. Nous le regrettons. Vous pouvez nous appeler.\n",
    "es": "Se perdió un sobre con su nombre. Lo sentimos. Puede llamar si quiere saber más.\n",
    "it": "Una busta con il suo nome non c'è più. Ci scusiamo. Ci può chiamare se vuole.\n",
    "nl": "Wij zijn een brief met uw naam kwijt. Dat spijt ons. Bel ons als u meer wilt weten.\n",
    "pl": "List z twoim imieniem zginął. Bardzo nam przykro. Zadzwoń do nas, gdy chcesz wiedzieć.\n",
    "pt": "Um saco com o seu nome foi perdido. Pedimos desculpa. Ligue se quiser saber mais.\n",
}
HARD = {
    "en": "Notwithstanding organisational countermeasures, unauthorised exfiltration of confidential personal information necessitated comprehensive remediation of interdependent infrastructure components\n",
    "de": "Ungeachtet organisatorischer Sicherheitsvorkehrungen erforderte die unautorisierte Datenausleitung personenbezogener Informationen umfassende Wiederherstellungsmaßnahmen interdependenter Infrastrukturkomponenten\n",
    "fr": "Nonobstant les dispositions organisationnelles, l'exfiltration informatique non autorisée d'informations confidentielles nécessitait la réhabilitation intégrale des infrastructures interdépendantes\n",
    "es": "Independientemente de las disposiciones organizativas, la exfiltración informática desautorizada de informaciones confidenciales necesitaba la rehabilitación integral de infraestructuras interdependientes\n",
    "it": "Indipendentemente dalle disposizioni organizzative, l'esfiltrazione informatica indiscriminata d'informazioni confidenziali necessitava riabilitazione dell'infrastruttura interdipendente\n",
    "nl": "Niettegenstaande organisatorische beveiligingsmaatregelen noodzaakte ongeautoriseerde gegevensexfiltratie van persoonsgegevens omvangrijke herstelwerkzaamheden aan infrastructuurcomponenten\n",
    "pl": "Niezależnie od organizacyjnych zabezpieczeń nieautoryzowana eksfiltracja poufnych informacji spowodowała konieczność kompleksowego przywrócenia współzależnych komponentów infrastruktury\n",
    "pt": "Independentemente das disposições organizacionais, a exfiltração informática desautorizada de informações confidenciais necessitava reabilitação integral de infraestruturas interdependentes\n",
}


@pytest.mark.parametrize("language", MEASURES)
def test_plain_words_pass_and_officialese_does_not_by_the_measure_of_each_language(language: str) -> None:
    easy, hard = level(EASY[language] * 12, language), level(HARD[language] * 12, language)

    assert easy is not None
    assert hard is not None
    assert (easy.is_hard, hard.is_hard) == (False, True)
    assert easy.measure == MEASURES[language].name


def test_flesch_reading_ease_is_as_it_is_defined() -> None:
    found = level("The cat sat on the mat.\n" * 20, "en")

    assert found is not None
    assert found.value == round(206.835 - 1.015 * 6 - 84.6 * 1, 1)


@pytest.mark.parametrize("language", ["zh", "ja", "ko"])
def test_there_is_no_level_where_no_measure_is_established(language: str) -> None:
    assert level("我们丢失了一台电脑。" * 200, language) is None


def test_a_text_too_short_for_the_measures_has_no_level() -> None:
    assert level("word " * (FEWEST_WORDS - 1) + ".", "en") is None


def test_every_language_has_a_measure_or_is_known_to_have_none() -> None:
    assert set(languages()) <= {*MEASURES, "zh", "ja", "ko"}
