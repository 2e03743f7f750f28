"""A conda channel of stubs: packages with the names, builds and needs of the pinned ones.

What Python imports is in them as links to what this Python imports. So programs really run in an
environment that is made from them, and in one without pytorch there is no torch.
"""

import bz2
import io
import json
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pyarrow

from tests.tools import pins

ON_PYPI = {
    "joblib": ("joblib", "cloudpickle"),  # conda's has a copy of it inside
    "matplotlib-base": ("matplotlib",),
    "pytorch": ("torch",),
    "seaborn-base": ("seaborn",),
    "typing-extensions": (),  # stands for typing_extensions
}
"""What a package of conda is called here, where that is another name."""
Content = dict[str, bytes | Path]
"""By path in a package, the bytes of a file, or where a link leads."""
HERE = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def write(folder: Path, packages: set[pins.Pin]) -> None:
    """Index and packages of the channel, for both of its platforms."""
    needs = pins.needs()
    python = next(pin.version for pin in packages if pin.name == "python")
    library = f"lib/python{python.rpartition('.')[0]}"
    for subdir in ("linux-64", "noarch"):
        records = {}
        (folder / subdir).mkdir(parents=True)
        for pin in (pin for pin in packages if pin.subdir == subdir):
            records[pin.file] = record = {
                "name": pin.name,
                "version": pin.version,
                "build": pin.build,
                "build_number": 0,
                "subdir": subdir,
                "depends": [],
                **needs.get(pin.file, {}),
            }
            content = interpreter(library) if pin.name == "python" else modules(pin.name, library)
            (folder / subdir / pin.file).write_bytes(package(pin.file, record, content))
            # The sum of the real package, which a pin file must have; the stub's is another.
            record["md5"] = pin.md5
        index = {
            "info": {"subdir": subdir},
            "packages": {file: r for file, r in records.items() if file.endswith(".tar.bz2")},
            "packages.conda": {file: r for file, r in records.items() if file.endswith(".conda")},
        }
        (folder / subdir / "repodata.json").write_text(json.dumps(index))


def interpreter(library: str) -> Content:
    """This machine's Python, told as by ``venv`` that its home is elsewhere."""
    base = Path(sys._base_executable).resolve()
    content = {
        "pyvenv.cfg": f"home = {base.parent}\ninclude-system-site-packages = false\n".encode(),
        f"bin/{HERE}": base,
        "bin/python": Path(HERE),
        f"{library}/site-packages/README.txt": b"Stubs: see conda_channel.py of the tests.\n",
    }
    if library != f"lib/{HERE}":
        content[f"lib/{HERE}"] = Path(library).relative_to("lib")
    return content


def modules(name: str, library: str) -> Content:
    """Links to what a package of that name has installed here; for a library in C, none."""
    content = {}
    for wanted in ON_PYPI.get(name, (name,)):
        for here in metadata.distributions(name=wanted):
            tops = {file.parts[0] for file in here.files or ()} - {"..", "__pycache__"}
            content |= {f"{library}/site-packages/{top}": here.locate_file(top) for top in tops}
    return content


def package(file: str, record: dict, content: Content) -> bytes:
    """A package as conda packs it, in the older form or the newer, as its file's name says."""
    paths = [
        {"_path": path, "path_type": "softlink" if isinstance(what, Path) else "hardlink"}
        for path, what in content.items()
    ]
    info = {
        "info/index.json": json.dumps(record).encode(),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
    }
    if file.endswith(".tar.bz2"):
        return bz2.compress(tar(info | content))
    buffer, stem = io.BytesIO(), file.removesuffix(".conda")
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"conda_pkg_format_version": 2}))
        for part, held in (("pkg", content), ("info", info)):
            packed = pyarrow.compress(tar(held), codec="zstd", asbytes=True)
            archive.writestr(f"{part}-{stem}.tar.zst", packed)
    return buffer.getvalue()


def tar(content: Content) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, what in content.items():
            member = tarfile.TarInfo(path)
            if isinstance(what, Path):
                member.type, member.linkname = tarfile.SYMTYPE, str(what)
                archive.addfile(member)
            else:
                member.size = len(what)
                archive.addfile(member, io.BytesIO(what))
    return buffer.getvalue()
