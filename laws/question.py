"""Conditions compiled once and answered once per situation, however many provisions ask the same."""

import json
from collections.abc import Mapping
from typing import Any

from models.condition import Answer, Condition, Word, all_of, parse_condition
from models.places import reached
from models.report import Organisation, Report


class Facts:
    """The facts of one assessment, with the answers already given about them."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.where_people_live = None if report.people is None else reached(each.jurisdiction for each in report.people)
        self.where_established = _where_established(report.organisation)
        self.answers: dict[str, Answer] = {}
        self.weighings: dict[str, Any] = {}  # Any: what a method made of these facts, by the method's name


def _where_established(organisation: Organisation) -> frozenset[str] | None:
    if organisation.establishments is None or organisation.country is None:
        return None
    places = (*organisation.establishments, organisation.country, organisation.subdivision)
    return reached(place for place in places if place)


class Questions:
    """The conditions of all laws; equal ones, and equal words within them, share one answer."""

    def __init__(self, words: Mapping[str, Word]) -> None:
        self._words = {name: _answered_once(name, word) for name, word in words.items()}
        self._known: dict[str, Condition] = {}
        self._read: dict[int, tuple[object, Condition]] = {}  # by identity; the reference keeps the identity taken

    def parsed(self, raw: Mapping[str, Any] | None) -> Condition:
        """The condition as a function of the situation (no condition: yes); raises `ConditionError` for an unknown word."""
        if raw is None:
            return _yes
        read = self._read.get(id(raw))
        if read is None:
            key = json.dumps(raw, sort_keys=True)
            if key not in self._known:
                self._known[key] = _once(key, self._compiled(raw))
            read = self._read[id(raw)] = (raw, self._known[key])
        return read[1]

    def _compiled(self, raw: Mapping[str, Any]) -> Condition:
        parts = raw.get("all")
        if len(raw) != 1 or not isinstance(parts, list) or not parts:
            return parse_condition(raw, self._words)
        return _until_one_fails(
            tuple(parse_condition(part, self._words, ("all", index)) for index, part in enumerate(parts))
        )


def _until_one_fails(parts: tuple[Condition, ...]) -> Condition:
    """As `all`, but only the first part that is answered no is told: most laws of the world end at the place."""

    def ask(situation: object) -> Answer:
        undecided = []
        for part in parts:
            answer = part(situation)
            if answer.value is False:
                return answer
            if answer.value is None:
                undecided.append(answer)
        return all_of(undecided or [part(situation) for part in parts])

    return ask


YES = Answer(True)


def _yes(_: object) -> Answer:
    return YES


def _answered_once(name: str, word: Word) -> Word:
    compiled: dict[str, Condition] = {}

    def asked(argument: object) -> Condition:
        key = f"{name}:{json.dumps(argument, sort_keys=True)}"
        if key not in compiled:
            compiled[key] = _once(key, word(argument))
        return compiled[key]

    return asked


def _once(key: str, condition: Condition) -> Condition:
    def ask(situation: Facts) -> Answer:
        known = situation.answers.get(key)
        if known is None:
            known = situation.answers[key] = condition(situation)
        return known

    return ask
