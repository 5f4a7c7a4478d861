"""The base of every part of a law or method file."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
RawCondition = dict[str, Any]  # Any: the words and arguments of a condition are checked by its parser


class Part(BaseModel):
    """Unknown keys are errors, and values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
