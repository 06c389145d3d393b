"""The bill of materials of the device, CycloneDX JSON: what run.lock names, and the C libraries inside its wheels.

usage: cyclonedx-py requirements … requirements/run.lock | sbom.py > sbom.json

Addresses of registries are left out. A library that a wheel carries as a file is listed with that file's hash; one that
is linked into an extension is listed with the version that it tells of itself on this machine.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = Any
_ADDRESSES = ("externalReferences",)
_SHARED = re.compile(r"(lib[\w+]+(?:-[A-Za-z]\w*)*?)-?([0-9a-f]{8})?((?:\.\d+)*)\.so((?:\.\d+)*)")


def main() -> None:
    """Read CycloneDX from stdin, write it to stdout."""
    document = json.load(sys.stdin)
    packages = {each["name"].lower().replace("-", "_") for each in document["components"]}
    document["components"] += [*linked(), *carried(Path(sysconfig.get_paths()["platlib"]), packages)]
    document = without_addresses(document)
    document["metadata"]["component"] = {"type": "application", "name": "dermakiosk", "version": version("dermakiosk")}
    json.dump(document, sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


def without_addresses(value: Json) -> Json:
    """The same without what tells where packages come from."""
    if isinstance(value, dict):
        return {key: without_addresses(each) for key, each in value.items() if key not in _ADDRESSES}
    return [without_addresses(each) for each in value] if isinstance(value, list) else value


def linked() -> Iterator[dict[str, Any]]:
    """C libraries that are linked into the records' extensions, as they tell of themselves."""
    from cryptography.hazmat.backends.openssl.backend import backend
    from sqlcipher3 import dbapi2

    connection = dbapi2.connect(":memory:")
    connection.execute("PRAGMA key = \"x'" + "00" * 32 + "'\"")

    def tell(pragma: str) -> str:
        return str(connection.execute(pragma).fetchone()[0])

    yield component("SQLCipher", tell("PRAGMA cipher_version"), "sqlcipher3")
    yield component("SQLite", tell("SELECT sqlite_version()"), "sqlcipher3")
    yield component("OpenSSL", tell("PRAGMA cipher_provider_version"), "sqlcipher3")
    yield component("OpenSSL", backend.openssl_version_text(), "cryptography")
    yield component("argon2 (reference C code)", version("argon2-cffi-bindings"), "argon2-cffi-bindings")


def carried(folder: Path, packages: set[str]) -> Iterator[dict[str, Any]]:
    """Shared libraries that the wheels of some packages carry in a folder of their own."""
    for path in sorted(folder.glob("*.libs/*.so*")):
        if path.parent.name.removesuffix(".libs").lower() not in packages:
            continue
        found = _SHARED.fullmatch(path.name)
        name, number = (found[1], (found[3] or found[4]).lstrip(".")) if found else (path.name, "")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        yield component(name, number, path.parent.name.removesuffix(".libs"), digest)


def component(name: str, number: str, carrier: str, digest: str = "") -> dict[str, Any]:
    """One library, and the package whose wheel carries it."""
    found = {
        "type": "library",
        "bom-ref": f"{carrier}/{name}/{digest[:16]}",
        "name": name,
        "version": number,
        "properties": [{"name": "dermakiosk:carried-by", "value": carrier}],
    }
    return {**found, "hashes": [{"alg": "SHA-256", "content": digest}]} if digest else found


if __name__ == "__main__":
    main()
