"""What a wheel holds: the packages with their data, and neither tests nor bench."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {"ganzhi", "config", "ingest", "detectors", "alerting", "storage", "grafana", "console", "simulators"}


def test_wheel_holds_the_packages_and_their_data_when_built(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        "-w",
        str(tmp_path),
        ".",
    ]
    subprocess.run(command, cwd=tree, check=True, capture_output=True, timeout=100)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/", maxsplit=1)[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES
    for package in PACKAGES:
        missing = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*.py")} - names
        assert missing == set()
    data = {"config/packs/tank_farm.toml", "config/examples/demo/points.csv", "config/examples/skab/map.toml"}
    page = {"console/web/index.html", "console/web/app.js", "console/web/vendor/uplot-1.6.32/LICENSE"}
    assert data | page <= names
