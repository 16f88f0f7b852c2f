"""Which way imports run, and how large a room may grow."""

import ast
import re
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name

import pytest

from training.provenance import ROOT

# Lowest first. A module imports from its own room and from lower floors, never from its floor's
# other rooms: `callbacks`, `models` and `datasets` so import nothing of the project.
FLOORS = [
    {"callbacks", "models", "datasets"},
    {"training.backend", "training.schedules"},
    {"training.fields", "training.optimizers", "training.provenance"},
    {"training.config"},
    {"training.record"},
    {"training.loop"},
    {"training.single_run", "training.store"},
    {"training.sweep"},
    {"training.search", "training.export"},
    {"training"},
    {"reporting.verdicts"},
    {"reporting.findings"},
    {"reporting.figures"},
    {"reporting.study"},
    {"reporting.page", "reporting.search"},
    {"reporting"},
    {"experiments.analyses"},
    {"experiments.commands"},  # what a study's script needs, and commands that need no study
    {"experiments", "benchmarks"},
    {"experiments.commands.studies"},
    {f"experiments.commands.{name}" for name in ("list_studies", "run", "report", "export")},
    {"experiments.__main__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
PACKAGES = sorted({room.split(".")[0] for room in FLOOR})
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
}
MOST_FILES = 12
FORMATTING_SKIPPED = 10


def ancestry(module):
    """`"a.b.c"` → `["a", "a.b", "a.b.c"]`: importing the last imports all of them."""
    parts = module.split(".")
    return [".".join(parts[: i + 1]) for i in range(len(parts))]


def room(module):
    return max(set(ancestry(module)) & set(FLOOR), key=len)


def nodes(node):
    """Everything under `node` that can run, hence not what is only for type checkers."""
    yield node
    only_types = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
    for child in node.orelse if only_types else ast.iter_child_nodes(node):
        yield from nodes(child)


def targets(node, package):
    """The names that one statement imports; a placeholder of an f-string is any one name."""
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom():
            base = resolve_name("." * node.level + (node.module or ""), package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        case ast.Call(args=[ast.JoinedStr(values=parts), *_]):
            if ast.unparse(node.func).endswith("import_module"):
                pattern = "".join(
                    re.escape(part.value) if isinstance(part, ast.Constant) else r"(?!__)[^.]+"
                    for part in parts
                )
                yield from (name for name in FILES if re.fullmatch(pattern, name))


def imports(module):
    """The project's modules that `module` imports, wherever the statement stands."""
    path = FILES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in nodes(ast.parse(path.read_text(encoding="utf-8"))):
        found = [name for name in targets(node, package) if name in FILES]
        # `from a import b` names a, and a.b where that is a module: the longest is meant.
        deepest = [one for one in found if not any(two.startswith(one + ".") for two in found)]
        for name in deepest:
            yield name
            yield from set(ancestry(name)) - set(ancestry(module))


GRAPH = {module: set(imports(module)) - {module} for module in FILES}


def is_upwards(module, target):
    """Whether an import goes to a higher floor, to a neighbour, or to a package from within it."""
    if target in ancestry(module):
        return bool(GRAPH[target])  # a package that imports nothing is no circle
    here, there = room(module), room(target)
    return here != there and FLOOR[there] >= FLOOR[here]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_one_way(package):
    modules = [name for name in GRAPH if name.split(".")[0] == package]
    upwards = [f"{m} → {to}" for m in modules for to in sorted(GRAPH[m]) if is_upwards(m, to)]
    assert upwards == []


def test_no_module_imports_itself_in_a_circle():
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def python_files():
    """Every Python file of the project, tests included."""
    return [path for top in [*PACKAGES, "tests"] for path in (ROOT / top).rglob("*.py")]


def test_rooms_are_small():
    sizes = Counter(path.parent.relative_to(ROOT).as_posix() for path in python_files())
    many = {folder: n for folder, n in sizes.items() if n > MOST_FILES}
    assert many.keys() <= {"experiments", "tests/experiments"}, many


def test_the_formatter_is_seldom_overruled():
    mark = "# fmt" + ": skip"
    skipped = sum(path.read_text(encoding="utf-8").count(mark) for path in python_files())
    assert skipped <= FORMATTING_SKIPPED
