import pytest

from templates.text_message import Parts, parts_of


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, Parts(160, 1, 160, None)),
        ("a" * 161, Parts(161, 2, 153, None)),
        ("a" * 306, Parts(306, 2, 153, None)),
        ("a" * 307, Parts(307, 3, 153, None)),
        ("€" * 80, Parts(160, 1, 160, None)),
        ("€" * 81, Parts(162, 2, 153, None)),
        ("我" * 70, Parts(70, 1, 70, "我")),
        ("我" * 71, Parts(71, 2, 67, "我")),
        ("a" * 69 + "ę", Parts(70, 1, 70, "ę")),
        ("a" * 69 + "😀", Parts(71, 2, 67, "😀")),
    ],
)
def test_a_message_is_counted_as_the_network_carries_it(text: str, parts: Parts) -> None:
    assert parts_of(text) == parts
