"""The small language that a template may use: words, `{{ }}`, `if`, `for` and `block`, over the names that a text is given.

Nothing in it can loop without end, build up memory, or reach into an object, so a template from anybody can be read and run.
"""

import re
from collections.abc import Iterator
from types import CodeType, MethodType

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from models.errors import BadInputError
from templates.brief import Voice
from templates.contacts import Contact
from templates.escape import harmless

LARGEST_TEMPLATE = 100_000
DEEPEST_LOOP = 2
MOST_LOOPS = 100

_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.For,
    nodes.Block,
    nodes.Name,
    nodes.Const,
    nodes.Call,
    nodes.Getattr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.Keyword,
    nodes.Tuple,
)


_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Shown:
    """Base of the small values that a template may look into by attribute."""


class TemplateRefusedError(BadInputError):
    """A template cannot be used: the message names the file, the line and the reason. Other texts are not held up."""


class Environment(ImmutableSandboxedEnvironment):
    """Jinja for Markdown: strict about names, facts escaped on the way out, attributes only of the values made for it."""

    def __init__(self) -> None:
        super().__init__(
            autoescape=False,  # `finalize` makes each value harmless for Markdown; HTML is made later, with markup off
            undefined=StrictUndefined,
            finalize=_in_markdown,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.globals.clear()
        self.filters.clear()

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Whether a template may read this attribute: plain ones, of the values that are made for templates."""
        del value
        looked_into = isinstance(obj, _LOOKED_INTO) or type(obj).__name__ == "LoopContext"
        return looked_into and not attr.startswith("_")

    def getattr(self, obj: object, attribute: str) -> object:
        """An attribute of a value that is made for templates; of anything else what the sandbox gives, which is nothing."""
        if isinstance(obj, _LOOKED_INTO) and attribute[0] != "_":
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def call(self, context: Context, function: object, /, *arguments: object, **named: object) -> object:  # noqa: ARG002
        """Call one of the words that a template is given, and nothing else."""
        if type(function) is not MethodType or function.__name__.startswith("_"):
            raise SecurityError("a template may call only the words it is given, such as fact('...')")
        named.pop("_block_vars", None)  # Jinja's own, for functions that look into the context
        named.pop("_loop_vars", None)
        return function(*arguments, **named)


_LOOKED_INTO = (Shown, Voice, Contact)


def _in_markdown(value: object) -> str:
    if type(value) is Markup:
        return value
    return str(value) if isinstance(value, int) else harmless(str(value))


def parse(environment: Environment, source: str, name: str, known: frozenset[str]) -> nodes.Template:
    """A template's tree, or a `TemplateRefusedError` in one line where it steps outside the small language."""
    if len(source) > LARGEST_TEMPLATE:
        raise TemplateRefusedError(f"{name}:1: {len(source)} characters; at most {LARGEST_TEMPLATE}; split it")
    if unseen := _UNSEEN.search(source):
        line = source.count("\n", 0, unseen.start()) + 1
        raise TemplateRefusedError(f"{name}:{line}: a control character that nobody can see stands here; take it out")
    try:
        tree = environment.parse(source, name, name)
    except TemplateError as error:
        line = getattr(error, "lineno", 1)
        raise TemplateRefusedError(f"{name}:{line}: {error.message or 'cannot be read'}; mend that line") from error
    except RecursionError as error:
        raise TemplateRefusedError(f"{name}:1: nested too deeply; make it flat") from error
    loops = 0
    for node, depth, bound in _walk(tree, 0, frozenset()):
        _refuse(node, depth, known | bound, name)
        loops += isinstance(node, nodes.For)
    if loops > MOST_LOOPS:
        raise TemplateRefusedError(f"{name}:1: {loops} loops; at most {MOST_LOOPS}; split the template")
    return tree


def compiled(environment: Environment, tree: nodes.Template, name: str, file: str) -> CodeType:
    """A template's code, or a `TemplateRefusedError` where it is nested more deeply than can be run."""
    try:
        return environment.compile(tree, name, file)
    except (SyntaxError, RecursionError) as error:
        raise TemplateRefusedError(f"{file}:1: nested too deeply; make it flat") from error


def _walk(node: nodes.Node, depth: int, bound: frozenset[str]) -> Iterator[tuple[nodes.Node, int, frozenset[str]]]:
    yield node, depth, bound
    if isinstance(node, nodes.For):
        bound |= {name.name for name in node.target.find_all(nodes.Name)} | _names(node.target) | {"loop"}
        depth += 1
    for child in node.iter_child_nodes():
        yield from _walk(child, depth, bound)


def _names(target: nodes.Node) -> frozenset[str]:
    return frozenset({target.name}) if isinstance(target, nodes.Name) else frozenset()


def _refuse(node: nodes.Node, depth: int, known: frozenset[str], name: str) -> None:
    reason = _reason(node, depth, known)
    if reason:
        raise TemplateRefusedError(f"{name}:{node.lineno}: {reason}")


def _reason(node: nodes.Node, depth: int, known: frozenset[str]) -> str | None:
    if not isinstance(node, _ALLOWED):
        return f"a template may not use {type(node).__name__}; only words, {{{{ }}}}, if, for and block"
    if isinstance(node, nodes.For) and (node.recursive or depth >= DEEPEST_LOOP):
        return f"a loop may not call itself, nor stand more than {DEEPEST_LOOP} deep; make it flat"
    if isinstance(node, nodes.Name) and node.name not in known:
        return f"no word here is called {node.name!r}; known are {', '.join(sorted(known))}"
    if isinstance(node, nodes.Getattr) and (node.attr.startswith("_") or not isinstance(node.node, nodes.Name)):
        return f"a template may not reach for the attribute {node.attr!r}; use fact('...')"
    if isinstance(node, nodes.Call) and not isinstance(node.node, nodes.Name):
        return "a template may call only the words it is given, such as fact('...')"
    return None
