from typing import Annotated

import typer

from models.errors import BadInputError
from models.report import Report
from tocsin.output import print_json

app = typer.Typer()


@app.command()
def schema(name: Annotated[str, typer.Argument(help="report")] = "report") -> None:
    """Print the JSON Schema of a public format.

    Example: tocsin schema report > report.schema.json
    """
    if name != "report":
        raise BadInputError(f"no schema is called {name!r}; known is report")
    body = Report.model_json_schema(by_alias=True)
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:tocsin:report:1", **body})
