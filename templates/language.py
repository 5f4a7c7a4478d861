"""A language of the texts: one folder with its phrases, its watch list and one template per text."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import TracebackType

from jinja2 import Template, nodes
from jinja2.exceptions import TemplateError
from jinja2.runtime import Context

from models.document import nearest
from models.errors import BadInputError
from templates.dialect import Environment, TemplateRefusedError, parse
from templates.phrases import FOLDER, Phrases, read_phrases
from templates.watch import WatchList, read_watch_list
from templates.writer import CONTENT_WORDS, DUTY_WORDS, WORDS

LONGEST_TEXT = 200_000
MOST_PIECES = 20_000
SUFFIX = ".md.j2"
FORMAL, PLAIN = "content", "plain"  # the templates whose blocks are the contents that laws ask for


class Language:
    """The phrases and compiled templates of one language; a folder given later wins over ours, file by file."""

    def __init__(self, code: str, folders: tuple[Path, ...]) -> None:
        self.code = code
        self.folders = tuple(folder / code for folder in folders)
        self.phrases: Phrases = read_phrases(self.folders[0])
        self.watch_list: WatchList = read_watch_list(self.folders[0])
        self._environment = Environment()
        self._compiled: dict[str, Template] = {}
        self._duty_words: dict[str, dict[str, tuple[str, ...]]] = {}

    def locale(self, jurisdiction: str) -> str:
        """The Babel locale for readers in a jurisdiction: dates are written their way."""
        country = jurisdiction.split("-")[0]
        key = f"language.locales.{country}"
        return str(self.phrases.say(key if self.phrases.has(key) else "language.locale"))

    def template(self, name: str) -> Template:
        """The compiled template called `name`, or a `BadInputError` or `TemplateRefusedError` in one line."""
        if name not in self._compiled:
            path = self._path(name)
            tree = parse(self._environment, path.read_text(encoding="utf-8"), _short(path), _known_in(name))
            self._duty_words[name] = {block.name: _duty_words(block) for block in tree.find_all(nodes.Block)}
            code = self._environment.compile(tree, name, _short(path))
            self._compiled[name] = Template.from_code(self._environment, code, {})
        return self._compiled[name]

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

    def duty_words(self, name: str, block: str) -> tuple[str, ...]:
        """The words of a block that differ between the texts of one incident."""
        self.template(name)
        return self._duty_words[name].get(block, ())

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
        by_file = {template.filename: template for template in self._compiled.values()}
        place = None
        while trace:
            template = by_file.get(trace.tb_frame.f_code.co_filename)
            if template:
                place = f"{template.filename}:{template.get_corresponding_lineno(trace.tb_lineno)}"
            trace = trace.tb_next
        return place

    def _path(self, name: str) -> Path:
        for folder in reversed(self.folders):
            path = folder / f"{name}{SUFFIX}"
            if path.is_file():
                return path
        raise BadInputError(f"{self.folders[0]}/{name}{SUFFIX}: there is no such template; write it")


def _bounded(pieces: Iterator[str], name: str) -> str:
    """Joined pieces, refused where a template makes more than a text can be."""
    kept: list[str] = []
    length = 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
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
