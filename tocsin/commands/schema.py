from typing import Annotated

import typer
from pydantic import BaseModel

from models.document import nearest
from models.errors import BadInputError
from models.filing import Filing
from models.register import Register
from models.report import Report
from tocsin.output import print_json

app = typer.Typer()
SCHEMAS: dict[str, type[BaseModel]] = {"report": Report, "filing": Filing, "register": Register}


@app.command()
def schema(name: Annotated[str, typer.Argument(help="report, filing, register")] = "report") -> None:
    """Print the JSON Schema of a public format.

    Example: tocsin schema report > report.schema.json
    """
    if name not in SCHEMAS:
        raise BadInputError(f"no schema is called {name!r}{nearest(name, SCHEMAS)}")
    body = SCHEMAS[name].model_json_schema(by_alias=True, mode="validation" if name == "report" else "serialization")
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:tocsin:{name}:1", **body})
