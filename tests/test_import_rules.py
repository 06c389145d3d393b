"""Who may enter which room: the picture in CONTRIBUTING.md, enforced on the source as it is written."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("edge_models", "kiosk", "reporting", "training", "benchmarks")
PROJECT = (*ROOMS, "tests")

# the only file, or folder, that may import a package
ADAPTERS = {
    "ai_edge_litert": "edge_models/interpreter.py",
    "tflite_runtime": "edge_models/interpreter.py",
    "picamera2": "kiosk/camera/picamera.py",
    "libcamera": "kiosk/camera/picamera.py",
    "streamlit": "kiosk/ui/",
    "markdown_it": "reporting/document.py",
}
# benchmarks measure runtimes side by side, so they may name them
ADAPTER_EXEMPT = ("benchmarks",)

ALLOWED_ROOMS = {
    "edge_models": {"edge_models"},
    "kiosk": {"kiosk", "edge_models"},
    "reporting": {"reporting"},
    "training": {"training", "edge_models", "reporting"},
    "benchmarks": {"benchmarks", "kiosk", "edge_models", "reporting"},
}
FORBIDDEN_IN_KIOSK = {
    "tensorflow", "keras", "torch",
    # network clients: nothing leaves the device
    "requests", "httpx", "aiohttp", "urllib3", "http.client", "urllib.request", "ftplib", "smtplib", "xmlrpc.client",
}  # fmt: skip


def source_files() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Every dotted name that a file imports anywhere, in functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide which room is entered"
            assert node.module is not None
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", source_files(), ids=relative)
def test_a_file_enters_only_the_rooms_it_may(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    entered = {name.split(".")[0] for name in imports(path)}
    assert entered & set(PROJECT) <= ALLOWED_ROOMS[room]
    if room not in ADAPTER_EXEMPT:
        for package, place in ADAPTERS.items():
            assert package not in entered or relative(path).startswith(place), f"{package} belongs in {place}"
    if room in ("kiosk", "edge_models"):
        assert not imports(path) & FORBIDDEN_IN_KIOSK


def test_no_import_circles() -> None:
    modules = {
        relative(path)[: -len(".py")].replace("/", ".").removesuffix(".__init__"): path for path in source_files()
    }
    graph = {name: {m for m in imports(path) if m in modules and m != name} for name, path in modules.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, "import circle: " + " → ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for other in graph[name]:
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_systemd_is_a_folder_and_no_package() -> None:
    assert not list((ROOT / "systemd").rglob("__init__.py")), "it would shadow python-systemd"
