"""In which typefaces a language is set: families that the usual systems have, those for East Asian signs last."""

LATIN = ("Liberation Sans", "Arial", "Noto Sans", "DejaVu Sans")
_SCREEN = ("system-ui", "Segoe UI", "Roboto", "Arial", "Noto Sans")
_EAST_ASIAN = {
    "zh": ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "SimSun"),
    "ja": ("Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans", "Hiragino Sans", "Yu Gothic", "Meiryo"),
    "ko": ("Noto Sans CJK KR", "Noto Sans KR", "Source Han Sans K", "Apple SD Gothic Neo", "Malgun Gothic"),
}
_WORD = {"zh": "Microsoft YaHei", "ja": "Yu Gothic", "ko": "Malgun Gothic"}
_TAGS = {"en": "en-GB", "zh": "zh-CN", "ja": "ja-JP", "ko": "ko-KR", "pt": "pt-PT"}


def on_screen(language: str) -> str:
    """The families for mail and web, as CSS names them; the reader's own system comes first."""
    return _css((*_SCREEN, *_signs(language)))


def on_paper(language: str) -> str:
    """The families for a printed page, as CSS names them."""
    return _css((*LATIN, *_signs(language)))


def east_asian(language: str) -> str:
    """The family that a word processor sets East Asian signs in; names in a Western text are mostly Chinese ones."""
    return _WORD.get(_main(language), _WORD["zh"])


def proofing_tag(language: str) -> str:
    """The language with a region, as word processors ask for it to check spelling."""
    main = _main(language)
    return _TAGS.get(main, f"{main}-{main.upper()}")


def is_east_asian(language: str) -> bool:
    """Whether a language is written in Chinese, Japanese or Korean signs."""
    return _main(language) in _EAST_ASIAN


def _signs(language: str) -> tuple[str, ...]:
    return _EAST_ASIAN.get(_main(language), _EAST_ASIAN["zh"])


def _main(language: str) -> str:
    return language.split("-")[0]


def _css(families: tuple[str, ...]) -> str:
    return ",".join([*(f"'{name}'" if " " in name else name for name in families), "sans-serif"])
