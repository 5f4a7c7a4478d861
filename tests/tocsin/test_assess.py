"""What a person reads of an assessment."""

from pathlib import Path

from tests.tocsin.conftest import Tocsin

BANK = """
title: Core banking is down
kind: ransomware
cause: malicious_external
effects: [availability]
times: {aware_at: 2026-11-20T10:00:00Z, classified_at: 2026-11-20T11:00:00Z}
organisation: {country: US, role: controller, sectors: [banking], attributes: [], establishments: [US]}
data: []
people: []
circumstances: [service_disrupted, exfiltration_excluded]
"""


def test_a_status_that_is_not_said_is_asked_for_in_words_and_with_the_field_that_answers(
    tocsin: Tocsin, tmp_path: Path
) -> None:
    facts = tmp_path / "bank.yaml"
    facts.write_text(BANK)

    said = tocsin("assess", facts)

    assert said.status == 0
    assert (
        "whether the organisation is a bank whose primary US federal regulator is the FDIC is not said "
        "(list fdic_supervised in organisation.attributes, or in organisation.attributes_ruled_out)"
    ) in said.out
