"""The Edge TPU engine with a stand-in library: what is not there is said, what is lost costs no result."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from edge_models import bundle as bundles
from edge_models import edgetpu
from edge_models.bundle import Bundle
from edge_models.classifier import Classifier
from edge_models.edgetpu import Device, EdgeTpuInterpreter
from edge_models.errors import BundleError, EngineFailed, EngineUnavailable
from edge_models.interpreter import CpuInterpreter, open_interpreter
from edge_models.prediction import Prediction

NETWORKS = Path(__file__).parents[1] / "data"
BLANK = [np.zeros((4, size, size, 3), np.int8) for size in (32, 48)]
"""What the members of the tiny bundle take."""
LONG_S = 30.0
"""Bound of every wait here; reached only when something is broken."""


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Compile the stand-in for a mode: its path."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler for the stand-in library: apt install gcc libc6-dev")
    folder = tmp_path_factory.mktemp("edgetpu")
    source = Path(__file__).with_name("fakedelegate.c")

    def build(mode: str) -> str:
        path = folder / f"lib{mode.lower()}.so"
        if not path.exists():
            subprocess.run([compiler, f"-DMODE={mode}", "-shared", "-fPIC", "-o", path, source], check=True)
        return str(path)

    return build


@pytest.fixture
def usb(tmp_path: Path) -> Path:
    """A /sys/bus/usb/devices with a hub and an Edge TPU."""
    root = tmp_path / "usb"
    plug(root, "1-1", "1d6b", "0002")
    plug(root, "1-1.4", "1a6e", "089a")
    (root / "usb1").mkdir()  # the kernel lists interfaces too, without ids
    return root


def plug(root: Path, port: str, vendor: str, product: str) -> None:
    (root / port).mkdir(parents=True, exist_ok=True)
    (root / port / "idVendor").write_text(vendor + "\n")
    (root / port / "idProduct").write_text(product + "\n")


@pytest.fixture
def device(library: Callable[[str], str], usb: Path) -> Device:
    """Works, and once lost is not looked for again."""
    return Device(library=library("OK"), usb_devices=usb, retry_interval_s=LONG_S)


@pytest.fixture
def bundle(make_bundle: Callable[..., Path]) -> Bundle:
    """Stands for one that was compiled: bytes after a network's end change the file and not the network."""
    compiled = {
        path.name.replace("_int8", "_int8_edgetpu"): path.read_bytes() + bytes(8) for path in NETWORKS.glob("*.tflite")
    }
    return bundles.load(make_bundle(files=compiled))


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    yield
    deadline = monotonic() + LONG_S
    while children() and monotonic() < deadline:
        psutil.wait_procs(children(), timeout=0.1)
    assert not children()


def children() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children():
        try:
            if "edge_models.edgetpu_child" in process.cmdline():
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def assert_same_result(one: Prediction, other: Prediction) -> None:
    assert one.probabilities == other.probabilities
    assert one.scores == other.scores
    assert one.prediction_set == other.prediction_set
    assert one.unfamiliarity == other.unfamiliarity
    assert one.activation_map is not None
    assert other.activation_map is not None
    assert np.array_equal(one.activation_map, other.activation_map)


@pytest.fixture
def expected(bundle: Bundle, picture: NDArray[np.uint8]) -> Prediction:
    """What the CPU engine says."""
    with Classifier(bundle, CpuInterpreter(bundle)) as classifier:
        return classifier.classify(picture)


def classifier_on(bundle: Bundle, device: Device, engine: str = "edgetpu") -> Classifier:
    return Classifier(bundle, open_interpreter(bundle, engine, device=device))


@pytest.mark.parametrize("engine", ["edgetpu", "auto"])
def test_it_runs_in_a_process_of_its_own(
    bundle: Bundle, device: Device, engine: str, picture: NDArray[np.uint8], expected: Prediction
) -> None:
    with classifier_on(bundle, device, engine) as classifier:
        assert classifier.interpreter.describe().device == "edgetpu"
        assert len(children()) == 1
        prediction = classifier.classify(picture)
    assert prediction.engine.device == "edgetpu"
    assert prediction.engine.threads == 0
    assert prediction.engine.note == ""
    # the stand-in leaves all layers to another CPU kernel, which may round otherwise
    for lesion, value in expected.probabilities.items():
        assert prediction.probabilities[lesion] == pytest.approx(value, abs=0.02)


def test_a_compiled_network_is_preferred(make_bundle: Callable[..., Path], device: Device) -> None:
    other = (NETWORKS / "tiny_c_int8.tflite").read_bytes()
    compiled = {
        "tiny_a_int8_edgetpu.tflite": (NETWORKS / "tiny_a_int8.tflite").read_bytes() + bytes(16),
        "tiny_b_int8_edgetpu.tflite": other,
    }
    bundle = bundles.load(make_bundle(files=compiled))
    rng = np.random.default_rng(0)
    batches = [rng.integers(-128, 128, blank.shape, dtype=np.int8) for blank in BLANK]
    with closing(CpuInterpreter(bundle)) as cpu, closing(open_interpreter(bundle, "edgetpu", device=device)) as engine:
        plain, outputs = cpu.invoke(batches), engine.invoke(batches)
        assert engine.describe().note == ""
    with closing(CpuInterpreter(replace(bundle, member_bytes=(bundle.member_bytes[0], other)))) as cpu:
        assert np.abs(outputs.logits - cpu.invoke(batches).logits).max() < 0.1
    assert np.abs(outputs.logits[1] - plain.logits[1]).max() > 0.5, "here another network is the compiled one"


def test_a_missing_library_names_what_to_install(bundle: Bundle, usb: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"libnowhere.*Install libedgetpu"):
        open_interpreter(bundle, "edgetpu", device=Device(library="libnowhere.so.1", usb_devices=usb))


def test_a_missing_device_says_to_plug_it_in(bundle: Bundle, library: Callable[[str], str], usb: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"finds no Edge TPU. Plug it in"):
        open_interpreter(bundle, "edgetpu", device=Device(library=library("NO_DEVICE"), usb_devices=usb))


def test_a_library_that_aborts_at_the_start_takes_nothing_along(
    bundle: Bundle, library: Callable[[str], str], usb: Path
) -> None:
    with pytest.raises(EngineUnavailable, match=r"SIGABRT: F driver/usb.*Unplug"):
        open_interpreter(bundle, "edgetpu", device=Device(library=library("ABORT"), usb_devices=usb))


def test_a_library_that_hangs_at_the_start_is_given_up(
    bundle: Bundle, library: Callable[[str], str], usb: Path
) -> None:
    hanging = Device(library=library("HANG"), usb_devices=usb, start_timeout_s=3.0)
    with pytest.raises(EngineUnavailable, match=r"does not answer. Unplug"):
        open_interpreter(bundle, "edgetpu", device=hanging)


def test_a_bundle_that_was_not_compiled_never_runs_there(tiny_bundle: Path, device: Device) -> None:
    plain = bundles.load(tiny_bundle)
    with closing(open_interpreter(plain, "auto", device=device)) as interpreter:
        assert isinstance(interpreter, CpuInterpreter)
    with pytest.raises(EngineUnavailable, match=r"no network compiled for the Edge TPU.*edgetpu_compiler"):
        open_interpreter(plain, "edgetpu", device=device)


def test_auto_without_a_stick_uses_the_cpu_and_says_nothing(bundle: Bundle, usb: Path, tmp_path: Path) -> None:
    shutil.rmtree(usb / "1-1.4")
    for place in (usb, tmp_path / "no USB at all"):
        interpreter = open_interpreter(bundle, "auto", device=Device(library="libnowhere.so.1", usb_devices=place))
        assert isinstance(interpreter, CpuInterpreter)
        assert interpreter.describe().note == ""
        interpreter.close()


@pytest.mark.parametrize(
    ("mode", "note"),
    [
        ("NO_DEVICE", "finds no Edge TPU: ran on the CPU"),
        ("ABORT", "transfer on tag 2 failed. Abort. (stand-in)): ran on the CPU"),
    ],
)
def test_auto_with_a_stick_that_does_not_work_says_so(
    bundle: Bundle,
    library: Callable[[str], str],
    usb: Path,
    picture: NDArray[np.uint8],
    expected: Prediction,
    mode: str,
    note: str,
) -> None:
    device = Device(library=library(mode), usb_devices=usb, retry_interval_s=LONG_S)
    with classifier_on(bundle, device, "auto") as classifier:
        prediction = classifier.classify(picture)
    assert prediction.engine.device == "cpu"
    assert prediction.engine.note.endswith(note)
    assert_same_result(prediction, expected)


@pytest.mark.parametrize("fate", [signal.SIGKILL, signal.SIGABRT, signal.SIGSTOP])
def test_lost_in_mid_run_it_costs_no_result(
    bundle: Bundle, device: Device, picture: NDArray[np.uint8], expected: Prediction, fate: signal.Signals
) -> None:
    with classifier_on(bundle, device) as classifier:
        assert classifier.classify(picture).engine.device == "edgetpu"
        children()[0].send_signal(fate)
        for _ in range(2):  # this call, and later ones
            prediction = classifier.classify(picture)
            assert prediction.engine.device == "cpu"
            assert prediction.engine.note == "Edge TPU lost: ran on the CPU"
            assert_same_result(prediction, expected)


def test_lost_during_a_call_it_costs_no_result(
    bundle: Bundle, device: Device, picture: NDArray[np.uint8], expected: Prediction
) -> None:
    with classifier_on(bundle, device) as classifier:
        child = children()[0]
        child.suspend()  # so that the call is under way when the process dies
        answers: list[Prediction] = []
        call = threading.Thread(target=lambda: answers.append(classifier.classify(picture)))
        call.start()
        child.kill()
        call.join(LONG_S)
        assert answers[0].engine.note == "Edge TPU lost: ran on the CPU"
        assert_same_result(answers[0], expected)


def test_it_is_used_again_once_it_is_back(bundle: Bundle, device: Device, usb: Path) -> None:
    quick = Device(library=device.library, usb_devices=usb, retry_interval_s=0.01)
    with closing(open_interpreter(bundle, "edgetpu", device=quick)) as interpreter:
        shutil.rmtree(usb / "1-1.4")
        children()[0].kill()
        interpreter.invoke(BLANK)
        assert interpreter.describe().device == "cpu"
        psutil.wait_procs(children(), timeout=LONG_S)
        assert not children(), "without a stick nothing is started"
        plug(usb, "1-1.2", "18d1", "9302")  # another socket, and its id once the library has used it
        deadline = monotonic() + LONG_S
        while interpreter.describe().device == "cpu" and monotonic() < deadline:
            interpreter.invoke(BLANK)
        assert interpreter.describe().device == "edgetpu"


def test_after_repeated_failures_it_is_left_alone(bundle: Bundle, device: Device, usb: Path) -> None:
    now = [0.0]
    quick = Device(library=device.library, usb_devices=usb, retry_interval_s=0.01)
    engine = EdgeTpuInterpreter(bundle, CpuInterpreter(bundle), quick, clock=lambda: now[0])
    with closing(engine) as interpreter:
        for _ in range(edgetpu.FAILURES_ALLOWED):
            deadline = monotonic() + LONG_S
            while interpreter.describe().device == "cpu" and monotonic() < deadline:
                interpreter.invoke(BLANK)
            children()[0].kill()
            interpreter.invoke(BLANK)
            assert interpreter.describe().device == "cpu"
            now[0] += 100.0
        assert interpreter.describe().note == "Edge TPU failed 3 times in 10 minutes: ran on the CPU"
        psutil.wait_procs(children(), timeout=LONG_S)
        assert interpreter._regainer is not None
        interpreter._regainer.join(0.2)  # twenty rounds in which it could have started a process
        assert not children()
        now[0] = edgetpu.FAILURE_WINDOW_S  # the first failure is that old now
        deadline = monotonic() + LONG_S
        while interpreter.describe().device == "cpu" and monotonic() < deadline:
            interpreter.invoke(BLANK)
        assert interpreter.describe().device == "edgetpu"


def test_a_network_that_does_not_fit_is_a_fault_of_the_bundle(make_bundle: Callable[..., Path], device: Device) -> None:
    bundle = bundles.load(
        make_bundle(files=dict.fromkeys(("tiny_a_int8_edgetpu.tflite", "tiny_b_int8_edgetpu.tflite"), b"not a network"))
    )
    for engine in ("edgetpu", "auto"):
        with pytest.raises(BundleError, match=r"tiny_a_int8.tflite is not a network"):
            open_interpreter(bundle, engine, device=device)


def test_closed_it_says_so_and_leaves_no_process(bundle: Bundle, device: Device) -> None:
    interpreter = open_interpreter(bundle, "edgetpu", device=device)
    interpreter.close()
    interpreter.close()
    assert not children()
    with pytest.raises(EngineFailed, match="closed"):
        interpreter.invoke(BLANK)


PARENT = """
import sys
from pathlib import Path
from edge_models import bundle
from edge_models.edgetpu import Device
from edge_models.interpreter import open_interpreter
engine = open_interpreter(bundle.load(Path(sys.argv[1])), "edgetpu", device=Device(library=sys.argv[2]))
print(engine._child._process.pid, flush=True)
sys.stdin.read()
"""


def test_the_process_dies_with_its_parent(bundle: Bundle, device: Device) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(bundle.folder), device.library],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
    assert psutil.wait_procs([child], timeout=LONG_S)[1] == []
