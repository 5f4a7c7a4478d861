import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "bench"
BENCHES = sorted(FOLDER.glob("bench_*.py"))


def test_there_are_benchmarks() -> None:
    assert {"bench_assess", "bench_response"} <= {path.stem for path in BENCHES}


@pytest.mark.parametrize("path", BENCHES, ids=lambda path: path.stem)
def test_a_benchmark_says_what_its_floor_is(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text())) or ""

    assert "floor" in said or " against " in said


@pytest.mark.parametrize("path", BENCHES, ids=lambda path: path.stem)
def test_a_benchmark_has_a_main_without_arguments(path: Path) -> None:
    functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]

    [main] = [function for function in functions if function.name == "main"]

    assert ast.unparse(main.args) == ""
    assert main.returns is not None
    assert ast.unparse(main.returns) == "None"
