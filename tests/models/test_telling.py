import pickle

from models.telling import Telling


def test_the_words_are_made_when_they_are_read_and_only_once() -> None:
    made: list[str] = []

    def make(word: str) -> list[str]:
        made.append(word)
        return [word, "again"]

    telling = Telling(make, "once")

    assert made == []
    assert list(telling) == ["once", "again"]
    assert telling[0] == "once"
    assert len(telling) == 2
    assert made == ["once"]


def test_it_equals_the_same_words_written_out() -> None:
    telling = Telling(lambda: ["a", "b"])

    assert telling == ("a", "b")
    assert telling == Telling(lambda: ["a", "b"])
    assert telling != ("a",)
    assert hash(telling) == hash(("a", "b"))


def test_it_is_kept_as_its_words() -> None:
    assert pickle.loads(pickle.dumps(Telling(lambda: ["a"]))) == ("a",)
