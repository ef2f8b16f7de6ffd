"""Imports point one way: main -> train_* -> utils -> textgrad, without circles."""

import ast
import subprocess
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("textgrad", "utils", "train_", "main")  # a module imports its own layer and those before it


def program_files() -> list[Path]:
    folders = [path for name in ("textgrad", "utils") for path in (ROOT / name).rglob("*.py")]
    return [path.relative_to(ROOT) for path in (*ROOT.glob("*.py"), *folders)]


def module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): ROOT / path for path in program_files()}


def import_nodes(nodes: Iterator[ast.AST], inside_functions: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield import statements, except those for type checkers only."""
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        elif inside_functions or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from import_nodes(ast.iter_child_nodes(node), inside_functions)


def imported_modules(name: str, inside_functions: bool = False) -> set[str]:
    """Return the program's modules that a module imports, at import time or also inside functions."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    found = set()
    for node in import_nodes(ast.iter_child_nodes(tree), inside_functions):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            assert not node.level, f"{name}: relative import in line {node.lineno}"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found & set(MODULES)


def import_time_graph() -> dict[str, set[str]]:
    """Return, for each module, the modules that its import executes: those that it names, and their packages."""
    graph = {}
    for name in MODULES:
        named = imported_modules(name)
        packages = {parent for each in named for parent in packages_of(each) if parent in MODULES}
        graph[name] = (named | packages) - {name} - set(packages_of(name))
    return graph


def packages_of(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def layer(name: str) -> int:
    return next(number for number, prefix in enumerate(LAYERS) if name.startswith(prefix))


def imports_between(importer: str, *imported: str) -> list[str]:
    """Return "a imports b" for each import, also inside functions, from one package to others."""
    return [
        f"{name} imports {other}"
        for name in MODULES
        if f"{name}.".startswith(f"{importer}.")
        for other in sorted(imported_modules(name, inside_functions=True))
        if f"{other}.".startswith(tuple(f"{each}." for each in imported))
    ]


def test_each_module_imports_only_its_own_layer_and_lower_ones():
    upward = [
        f"{name} imports {other}"
        for name in MODULES
        for other in imported_modules(name, inside_functions=True)
        if layer(other) > layer(name)
    ]
    assert upward == []


def test_no_import_circle_exists():
    try:
        TopologicalSorter(import_time_graph()).prepare()
    except CycleError as error:
        pytest.fail("import circle: " + " <- ".join(error.args[1]))


def test_textgrad_knows_nothing_of_the_program_around_it():
    assert imports_between("textgrad", "utils") == []


def test_the_run_log_does_not_import_the_report():
    assert imports_between("utils.run_log", "utils.report") == []


def test_metrics_are_pure_measurements():
    assert imports_between("utils.metrics", "utils.federation", "utils.run_log", "utils.report") == []


def test_at_most_five_files_are_directly_in_utils():
    tracked = subprocess.run(["git", "ls-files", "utils/*.py"], cwd=ROOT, capture_output=True, text=True).stdout
    direct = [path for path in tracked.split() if path.count("/") == 1] or [
        path.name for path in (ROOT / "utils").glob("*.py")
    ]
    assert len(direct) <= 5, direct


def test_the_top_level_holds_only_what_the_design_names():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    names = {line.split("/")[0] for line in tracked.splitlines()}
    folders = {"textgrad", "utils", "scripts", "logs", "tests"}
    files = {"README.md", "LICENSE", "pyproject.toml", "requirements.txt"}
    programs = {"main.py", "train_centralized.py", "train_homo_fed.py", "train_hetero_fed.py"}
    assert {name for name in names if not name.startswith(".")} <= folders | files | programs
