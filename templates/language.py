"""A language of the texts: one folder with its phrases, its watch list and one template per text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from types import TracebackType

from jinja2 import Template, nodes
from jinja2.exceptions import TemplateError
from jinja2.runtime import Context
from markupsafe import Markup

from models.document import nearest
from models.errors import BadInputError
from models.vocabulary import Audience
from templates.dialect import Environment, TemplateRefusedError, parse
from templates.dialect import compiled as code_of
from templates.forms import read_forms
from templates.memory import read_memory
from templates.phrases import FOLDER, Phrases, read_phrases
from templates.watch import WatchList, read_watch_list
from templates.writer import CONTENT_WORDS, DUTY_WORDS, WORDS

LONGEST_TEXT = 200_000
MOST_PIECES = 20_000
PIECES_AT_ONCE = 256
SUFFIX = ".md.j2"
ANY = "any"  # the folder of templates that no language needs a copy of
FORMAL, PLAIN = "content", "plain"  # the templates whose blocks are the contents that laws ask for


@dataclass(frozen=True)
class Compiled:
    """A template that has been read, with the words of each of its blocks that differ between the texts of one incident."""

    template: Template
    duty_words: Mapping[str, tuple[str, ...]]


class Language:
    """The phrases and templates of one language; a folder given later wins over ours, file by file and phrase by phrase.

    A template that the language has no copy of is that of the folder `any`, whose words are all phrases.
    """

    def __init__(self, code: str, folders: tuple[Path, ...]) -> None:
        self.code = code
        self.folders = tuple(folder / code for folder in folders)
        self.phrases: Phrases = _phrases(code, self.folders)
        self.watch_list: WatchList = read_watch_list(*self.folders)
        self.memory = read_memory(self.folders)
        self._searched = tuple(place for folder in reversed(folders) for place in (folder / code, folder / ANY))
        self._compiled: dict[str, Compiled] = {}
        self._homes: dict[tuple[str, bool], tuple[str, tuple[str, ...]]] = {}

    @property
    def is_whole(self) -> bool:
        """Whether there are texts for every audience; else only for people, customers, media and press."""
        return str(self.phrases.say("language.scope")) == "all"

    def speaks_to(self, audience: Audience) -> bool:
        """Whether there are texts for this audience."""
        return self.is_whole or audience in read_forms().everywhere

    def locale(self, jurisdiction: str) -> str:
        """The Babel locale for readers in a jurisdiction: dates are written their way."""
        country = jurisdiction.split("-")[0]
        key = f"language.locales.{country}"
        return str(self.phrases.say(key if self.phrases.has(key) else "language.locale"))

    def compiled(self, name: str) -> Compiled:
        """The template called `name`, or a `BadInputError` or `TemplateRefusedError` in one line."""
        found = self._compiled.get(name)
        if found is None:
            found = self._compiled[name] = compiled(self._path(name), name)
        return found

    def template(self, name: str) -> Template:
        """The template called `name` as Jinja runs it."""
        return self.compiled(name).template

    def render(self, name: str, words: Mapping[str, object]) -> str:
        """The text that the template `name` gives with `words`."""
        template = self.template(name)
        return self._run(template, template.new_context(dict(words)))

    def context(self, name: str, words: Mapping[str, object]) -> Context:
        """What the blocks of the template `name` are run in, made once for a text."""
        return self.template(name).new_context(dict(words))

    def has_block(self, name: str, block: str) -> bool:
        """Whether the template `name` has a block called `block`."""
        return block in self.template(name).blocks

    def home(self, key: str, *, plain: bool) -> tuple[str, tuple[str, ...]]:
        """The template with the words of a content, and which of those words differ between the texts of one incident."""
        found = self._homes.get((key, plain))
        if found is None:
            name = PLAIN if plain and self.has_block(PLAIN, key) else FORMAL
            if not self.has_block(name, key):
                raise BadInputError(f"{self.code}/{name}{SUFFIX}: no block for the content {key!r}; write it")
            found = self._homes[key, plain] = name, self.compiled(name).duty_words.get(key, ())
        return found

    def block(self, name: str, block: str, context: Context) -> str:
        """The text of one block of the template `name`."""
        return _bounded(self.template(name).blocks[block](context), name)

    def _run(self, template: Template, context: Context) -> str:
        try:
            return _bounded(template.root_render_func(context), template.filename or "")
        except TemplateRefusedError:
            raise
        except (TemplateError, BadInputError, TypeError, ValueError, LookupError, RecursionError) as error:
            place = self._place(error.__traceback__) or f"{template.filename}:1"
            raise TemplateRefusedError(f"{place}: {' '.join(str(error).split()) or type(error).__name__}") from error

    def _place(self, trace: TracebackType | None) -> str | None:
        """File and line of the innermost template that the error passed through."""
        by_file = {one.template.filename: one.template for one in self._compiled.values()}
        place = None
        while trace:
            template = by_file.get(trace.tb_frame.f_code.co_filename)
            if template:
                place = f"{template.filename}:{template.get_corresponding_lineno(trace.tb_lineno)}"
            trace = trace.tb_next
        return place

    def _path(self, name: str) -> Path:
        for folder in self._searched:
            path = folder / f"{name}{SUFFIX}"
            if path.is_file():
                return path
        raise BadInputError(f"{self.folders[0]}/{name}{SUFFIX}: there is no such template; write it")


@cache
def compiled(path: Path, name: str) -> Compiled:
    """The template in a file, read and compiled once for all languages that share it."""
    tree = parse(_ENVIRONMENT, _source(path), _short(path), _known_in(name))
    words = {block.name: _duty_words(block) for block in tree.find_all(nodes.Block)}
    code = code_of(_ENVIRONMENT, tree, name, _short(path))
    return Compiled(Template.from_code(_ENVIRONMENT, code, {}), words)


def _source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateRefusedError(f"{_short(path)}:1: cannot be read as UTF-8 text; save it as UTF-8") from error


def _phrases(code: str, folders: tuple[Path, ...]) -> Phrases:
    """The phrases of a language with the organisation's own over them; the questions to the team are English without words of their own."""
    phrases = read_phrases(folders[0])
    for own in folders[1:]:
        if (own / "phrases.yaml").is_file():
            phrases = phrases.under(read_phrases(own))
    return phrases if code == "en" else phrases.with_questions_of(_english_questions())


@cache
def _english_questions() -> Mapping[str, Markup]:
    words = read_phrases(FOLDER / "en").words
    return {key: said for key, said in words.items() if key.startswith("content.") and key.endswith(".question")}


_ENVIRONMENT = Environment()


def _bounded(pieces: Iterator[str], name: str) -> str:
    """Joined pieces, refused where a template makes more than a text can be."""
    kept: list[str] = []
    length = 0
    while some := list(islice(pieces, PIECES_AT_ONCE)):
        kept += some
        length += sum(map(len, some))
        if length > LONGEST_TEXT or len(kept) > MOST_PIECES:
            raise TemplateRefusedError(f"{name}:1: makes more than {LONGEST_TEXT} characters; take the loop out")
    return "".join(kept)


def _duty_words(block: nodes.Block) -> tuple[str, ...]:
    return tuple(sorted({name.name for name in block.find_all(nodes.Name)} & DUTY_WORDS))


def _known_in(template: str) -> frozenset[str]:
    """The words that a template may use; a content cannot ask for contents, and so not for itself."""
    return WORDS - CONTENT_WORDS if template in (FORMAL, PLAIN) else WORDS


def _short(path: Path) -> str:
    return str(path.relative_to(FOLDER.parent)) if path.is_relative_to(FOLDER.parent) else str(path)


@cache
def languages() -> tuple[str, ...]:
    """The codes of the languages there are: one for each folder with phrases."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/phrases.yaml")))


@cache
def language(code: str, own: Path | None = None) -> Language:
    """The language called `code`, with the organisation's own templates in `own` before ours.

    Raises `BadInputError` that names the languages there are.
    """
    if code not in languages():
        raise BadInputError(f"no texts in the language {code!r}{nearest(code, languages())}")
    return Language(code, (FOLDER,) if own is None else (FOLDER, own))
