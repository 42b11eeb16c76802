"""What Beam's workers get: the checkout's setup.py, or a wheel of what is installed."""

from __future__ import annotations

import importlib.metadata
import zipfile
from pathlib import Path

import pytest

from components.errors import OperationError
from pipelines.compiler import worker_sources
from pipelines.compiler.worker_sources import add_worker_sources, keep_wheel
from pipelines.config.code_root import CODE_ROOT

METADATA = "Metadata-Version: 2.1\nName: tfx-production-pipeline\nVersion: 1.2.3\n"
CAME_IN_THE_WHEEL = {
    "pipelines/__init__.py": "A = 1\n",
    "pipelines/config/environments/local.yaml": "name: trips\n",
    "tfx_production_pipeline-1.2.3.dist-info/METADATA": METADATA,
    "tfx_production_pipeline-1.2.3.dist-info/WHEEL": "Wheel-Version: 1.0\n",
    "tfx_production_pipeline-1.2.3.dist-info/licenses/LICENSE": "free\n",
}
ADDED_BY_THE_INSTALLER = {
    "../../../bin/tfx-pipelines": "#!/the/machine\n",
    "tfx_production_pipeline-1.2.3.dist-info/INSTALLER": "uv\n",
    "tfx_production_pipeline-1.2.3.dist-info/direct_url.json": '{"url": "file:///the/machine"}',
}
WITHOUT_HASH = (
    "pipelines/__pycache__/__init__.pyc",
    "tfx_production_pipeline-1.2.3.dist-info/RECORD",
)


@pytest.fixture
def installed(tmp_path: Path) -> importlib.metadata.Distribution:
    """A distribution as an installer leaves it."""
    site_packages = tmp_path / "lib" / "python" / "site-packages"
    record = [f"{name},," for name in WITHOUT_HASH]
    for name, content in {**CAME_IN_THE_WHEEL, **ADDED_BY_THE_INSTALLER}.items():
        path = site_packages / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        record.append(f"{name},sha256=x{len(record)},{len(content)}")
    metadata = site_packages / "tfx_production_pipeline-1.2.3.dist-info"
    (metadata / "RECORD").write_text("\n".join(record) + "\n")
    return importlib.metadata.Distribution.at(metadata)


def test_checkout_gives_its_setup_file() -> None:
    """From a checkout, workers build what they import by its ``setup.py``."""
    assert add_worker_sources(["--a=b"]) == ["--a=b", f"--setup_file={CODE_ROOT / 'setup.py'}"]


def test_code_of_unknown_origin_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that was only copied can't be given to workers; the line names what can be said."""
    monkeypatch.setattr(worker_sources, "CODE_ROOT", tmp_path)

    with pytest.raises(OperationError, match=r"beam\.options"):
        add_worker_sources(["--a=b"])


@pytest.mark.parametrize(
    "option",
    [
        "--setup_file=/my/setup.py",
        "--requirements_file=/my/requirements.txt",
        "--extra_package=/my/own.whl",
        "--extra_packages=/my/own.whl",
        "--sdk_container_image=registry/image",
    ],
)
def test_users_own_choice_is_kept(option: str) -> None:
    """Options that say what workers get are left as they are."""
    assert add_worker_sources([option]) == [option]


def test_wheel_holds_what_came_in_it(
    installed: importlib.metadata.Distribution, tmp_path: Path
) -> None:
    """The wheel has the files that were in it, a list of them, and nothing of the machine."""
    path = keep_wheel(installed, tmp_path / "cache")

    assert path.name == "tfx_production_pipeline-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(path) as wheel:
        contents = {name: wheel.read(name).decode() for name in wheel.namelist()}
    record = contents.pop("tfx_production_pipeline-1.2.3.dist-info/RECORD").splitlines()
    assert contents == CAME_IN_THE_WHEEL
    assert {line.partition(",")[0] for line in record} == {
        *CAME_IN_THE_WHEEL,
        "tfx_production_pipeline-1.2.3.dist-info/RECORD",
    }


def test_wheel_is_packed_once(installed: importlib.metadata.Distribution, tmp_path: Path) -> None:
    """A wheel that is there is taken as it is; one that was removed comes back the same."""
    path = keep_wheel(installed, tmp_path / "cache")
    first, content = path.stat(), path.read_bytes()

    assert keep_wheel(installed, tmp_path / "cache").stat() == first
    path.unlink()
    assert keep_wheel(installed, tmp_path / "cache").read_bytes() == content


def test_other_content_is_another_wheel(
    installed: importlib.metadata.Distribution, tmp_path: Path
) -> None:
    """An installation of the same version with other files does not get the earlier wheel."""
    before = keep_wheel(installed, tmp_path / "cache")
    [record] = tmp_path.rglob("RECORD")
    record.write_text(record.read_text().replace("sha256=x2", "sha256=y2"))

    assert keep_wheel(installed, tmp_path / "cache") != before


def test_cache_that_can_not_be_written_is_told(
    installed: importlib.metadata.Distribution, tmp_path: Path
) -> None:
    """The line names the file, the reason and the variable that names another folder."""
    (tmp_path / "cache").touch()

    with pytest.raises(
        OperationError, match=rf"^{tmp_path}.*: Not a directory; set XDG_CACHE_HOME"
    ):
        keep_wheel(installed, tmp_path / "cache")
