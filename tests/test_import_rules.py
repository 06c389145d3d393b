"""Who may enter which room: the picture in CONTRIBUTING.md, enforced on the source as it is written."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("edge_models", "kiosk", "reporting", "training", "benchmarks")
LEAVES = {"kiosk", "kiosk.errors", "kiosk.version", "kiosk.checks", "kiosk.text"}
"""What every room of the kiosk may use: they use nothing of it."""

ARROWS: dict[str, set[str]] = {
    "edge_models": set(),
    "reporting": set(),
    "training": {"edge_models", "reporting"},
    "benchmarks": {"edge_models", "reporting", "kiosk.config", "kiosk.cli"}
    | {
        f"kiosk.{room}"
        for room in (
            "access",
            "camera",
            "capture",
            "clinical",
            "commands",
            "pipeline",
            "records",
            "ui",
            "upkeep",
            "workflow",
        )
    },
    "kiosk.errors": {"edge_models"},
    "kiosk.version": set(),
    "kiosk.checks": set(),
    "kiosk.text": set(),
    "kiosk.clinical": {"edge_models"},
    "kiosk.camera": {"edge_models", "kiosk.clinical"},
    "kiosk.pipeline": {"edge_models", "kiosk.clinical"},
    "kiosk.capture": {"edge_models", "kiosk.clinical", "kiosk.camera", "kiosk.pipeline"},
    "kiosk.records": {"edge_models", "kiosk.clinical"},
    "kiosk.access": {"kiosk.clinical", "kiosk.records"},
    "kiosk.handoff": {"edge_models", "kiosk.clinical"},
    "kiosk.workflow": {
        "edge_models",
        "kiosk.clinical",
        "kiosk.capture",
        "kiosk.access",
        "kiosk.records",
        "kiosk.handoff",
    },
    "kiosk.ui": {"edge_models", "kiosk.clinical", "kiosk.capture", "kiosk.workflow", "kiosk.upkeep"},
    "kiosk.config": {f"kiosk.{room}.config" for room in ("camera", "pipeline", "records", "ui")},
    "kiosk.upkeep": {"edge_models", "kiosk.camera", "kiosk.pipeline.config"},
    "kiosk.commands": {"edge_models", "kiosk.config"}
    | {
        f"kiosk.{room}"
        for room in ("access", "camera", "capture", "clinical", "pipeline", "records", "ui", "upkeep", "workflow")
    },
    "kiosk.cli": {"edge_models", "kiosk.commands.console"},
    "kiosk.__main__": {"kiosk.cli"},
}
"""Every room, and the rooms that it may enter besides itself and the kiosk's leaves.

A room is a folder, or a file right in `kiosk/`; the other packages are one room each.
"""

ADAPTERS = {
    "ai_edge_litert": {"edge_models.runtime"},
    "tflite_runtime": {"edge_models.runtime"},
    "picamera2": {"kiosk.camera.picamera"},
    "libcamera": {"kiosk.camera.picamera"},
    "simplejpeg": {"edge_models.damage"},
    "streamlit": {"kiosk.ui"},
    "starlette": {"kiosk.ui"},
    "uvicorn": {"kiosk.ui"},
    "babel": {"kiosk.text"},
    "sqlcipher3": {"kiosk.records.database"},
    "argon2": {"kiosk.records.keys"},
    "mnemonic": {"kiosk.records.keys"},
    "cryptography": {"kiosk.records.keys", "kiosk.records.images"},
    "typst": {"kiosk.handoff.pdf"},
    "markdown_it": {"reporting.document"},
    "tomllib": {"kiosk.config", "kiosk.text", "training.config"},
}
"""The only rooms or files that may import a package; benchmarks measure runtimes side by side and may name them."""

NETWORK = {
    "socket", "socketserver", "ssl", "http", "urllib", "ftplib", "smtplib", "poplib", "imaplib", "nntplib", "telnetlib",
    "xmlrpc", "websockets", "websocket", "requests", "httpx", "aiohttp", "urllib3", "pynetdicom", "paramiko",
    "webbrowser",
}  # fmt: skip
"""What can talk to others."""
NETWORK_ALLOWED = {
    "kiosk.ui.server": {"socket"},  # listens on the device's own address
    "kiosk.upkeep.notify": {"socket"},  # tells the service manager through a Unix socket
    "edge_models.framing": {"socket"},  # talks to its own child process
    "edge_models.edgetpu": {"socket"},
    "edge_models.edgetpu_child": {"socket"},
}
FORBIDDEN = {"kiosk": {"tensorflow", "keras", "torch"}, "edge_models": {"tensorflow", "keras", "torch", "kiosk"}}


def source_files() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def module_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix().removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Every dotted name that a file imports anywhere: in functions and under `TYPE_CHECKING` too, and by name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide which room is entered"
            assert node.module is not None
            names.update(
                f"{node.module}.{alias.name}" if is_module(f"{node.module}.{alias.name}") else node.module
                for alias in node.names
            )
    return names


def is_module(name: str) -> bool:
    place = ROOT / name.replace(".", "/")
    return place.is_dir() or place.with_suffix(".py").is_file()


def room_of(module: str) -> str:
    """The room that a module belongs to: the longest name of a room that it begins with."""
    inside = [room for room in ARROWS if module == room or module.startswith(f"{room}.")]
    return max(inside, key=len) if inside else module


def belongs(module: str, place: str) -> bool:
    return module == place or module.startswith(f"{place}.")


@pytest.mark.parametrize("path", source_files(), ids=module_name)
def test_a_file_enters_only_the_rooms_it_may(path: Path) -> None:
    module = module_name(path)
    room = room_of(module)
    assert room in ARROWS or module == "kiosk", f"{module} is in no room: draw it in CONTRIBUTING.md and here"
    allowed = {room, *ARROWS.get(room, set()), *LEAVES}
    for name in imports(path):
        if name.split(".")[0] in (*PACKAGES, "tests"):
            assert any(belongs(name, each) for each in allowed if each != "kiosk") or name == "kiosk", (
                f"{module} may not enter {name}"
            )


@pytest.mark.parametrize("path", source_files(), ids=module_name)
def test_a_third_party_has_one_adapter(path: Path) -> None:
    module = module_name(path)
    entered = {name.split(".")[0] for name in imports(path)}
    assert not entered & FORBIDDEN.get(module.split(".")[0], set())
    if not module.startswith("benchmarks"):
        for package, places in ADAPTERS.items():
            assert package not in entered or any(belongs(module, place) for place in places), (
                f"{package} belongs in {places}"
            )
    if module.startswith(("kiosk", "edge_models")):
        assert entered & NETWORK <= NETWORK_ALLOWED.get(module, set()), f"{module} may not talk to others"


def test_no_import_circles() -> None:
    modules = {module_name(path): path for path in source_files()}
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


def test_the_rooms_have_no_circles_either() -> None:
    """A room that could be entered from a room it enters would be one room in truth."""
    entered = {
        room: {room_of(name) for path in source_files() if room_of(module_name(path)) == room for name in imports(path)}
        for room in ARROWS
    }
    order: list[str] = []
    while len(order) < len(ARROWS):
        free = [
            room
            for room in ARROWS
            if room not in order and all(other in order or other == room for other in entered[room] & set(ARROWS))
        ]
        assert free, f"a circle among {sorted(set(ARROWS) - set(order))}"
        order += free


def test_a_screen_never_names_what_is_withheld() -> None:
    for path in (ROOT / "kiosk/ui").rglob("*"):
        if path.suffix in (".py", ".js", ".html"):
            assert "withheld" not in path.read_text(encoding="utf-8"), f"{path} reaches for what must not be shown"


def test_reading_a_port_loads_no_opencv() -> None:
    """The browser's unit asks the configuration for the port, on a board with one busy core."""
    program = "import sys; from kiosk.config import load; load(None); print('cv2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_systemd_is_a_folder_and_no_package() -> None:
    assert not list((ROOT / "systemd").rglob("__init__.py")), "it would shadow python-systemd"
