"""./prosaas: finds a Python, makes .venv whole or not at all, and hands over at once from then on."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.processes import ROOT

# Where each test's tiny package comes from: pip's own settings, as a user would give them.
_MAIN = "import sys, tiny; print(sys.version_info[:2], tiny.VALUE, *sys.argv[1:])"


def _wheel(folder: Path, version: str, package: str = "tiny") -> str:
    """A wheel of one module in `folder`; gives its line for a lock."""
    folder.mkdir(exist_ok=True)
    name = f"{package}-{version}"
    path = folder / f"{name}-py3-none-any.whl"
    files = {
        f"{package}.py": f"VALUE = {version!r}\n",
        f"{name}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n",
        f"{name}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
            record += f"{file},sha256={digest},{len(text)}\n"
        archive.writestr(f"{name}.dist-info/RECORD", record + f"{name}.dist-info/RECORD,,\n")
    return f"{package}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def _checkout(folder: Path) -> Path:
    """The real launcher and pip, and a lock of one tiny package."""
    clone = folder / "a clone"
    (clone / "cli").mkdir(parents=True)
    shutil.copy(ROOT / "prosaas", clone)
    shutil.copy(ROOT / "cli" / "make_venv.py", clone / "cli")
    (clone / "vendor").mkdir()
    for wheel in (ROOT / "vendor").glob("pip-*.whl"):
        (clone / "vendor" / wheel.name).symlink_to(wheel)
    (clone / "prosaas.py").write_text(_MAIN)
    (clone / "requirements.txt").write_text(_wheel(folder / "wheels", "1.0"))
    (clone / "requirements-dev.txt").write_text(_wheel(folder / "wheels", "2.0", "tinydev"))
    return clone


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A bare checkout."""
    return _checkout(tmp_path)


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A checkout that was started once, and what that start printed; not to be changed."""
    clone = _checkout(tmp_path_factory.mktemp("made"))
    return clone, _start(clone, "web", "--port", "a b")


@pytest.fixture
def made(first_start: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path) -> Path:
    """A copy of a checkout that was started before."""
    shutil.copytree(first_start[0].parent / "wheels", tmp_path / "wheels")
    return Path(shutil.copytree(first_start[0], tmp_path / "a clone", symlinks=True))


def _environment(tmp_path: Path, **more: str) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PROSAAS_PYTHON": sys.executable,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path / "wheels"),
        **more,
    }


def _start(
    clone: Path, *arguments: str, program: Path | None = None, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program or clone / "prosaas"), *arguments],
        cwd=cwd or clone,
        env=_environment(clone.parent, **more),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_the_first_start_makes_the_environment_and_hands_over(
    first_start: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, first = first_start
    assert first.returncode == 0, first.stderr
    assert first.stdout.split(") ")[1] == "1.0 web --port a b\n"
    assert "making .venv with" in first.stderr


def test_a_later_start_needs_neither_registry_nor_pip_nor_another_python(made: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "wheels")
    shutil.rmtree(made / "vendor")
    (made / "cli" / "make_venv.py").unlink()
    later = _start(made, "web", PROSAAS_PYTHON="/nowhere")
    assert (later.returncode, later.stderr) == (0, "")
    assert later.stdout.endswith("1.0 web\n")


def test_it_works_from_any_folder_and_through_a_link(made: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "prosaas").symlink_to("../a clone/prosaas")
    (tmp_path / "second").symlink_to(tmp_path / "bin" / "prosaas")
    for program in (made / "prosaas", tmp_path / "second"):
        done = _start(made, program=program, cwd=tmp_path / "bin")
        assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "bin" / ".venv").exists()


def test_a_changed_lock_makes_the_environment_again(made: Path, tmp_path: Path) -> None:
    assert _start(made).stdout.endswith(" 1.0\n")
    (made / "requirements.txt").write_text(_wheel(tmp_path / "wheels", "1.1"))
    assert _start(made).stdout.endswith(" 1.1\n")


def test_a_package_with_another_hash_is_refused_and_nothing_half_made_stays(clone: Path) -> None:
    lock = (clone / "requirements.txt").read_text()
    (clone / "requirements.txt").write_text(lock[:-6] + "00000\n")
    failed = _start(clone)
    assert failed.returncode == 2
    assert failed.stdout == ""
    assert "prosaas: the packages of requirements.txt could not be installed" in failed.stderr.splitlines()[-1]
    assert not list(clone.glob(".venv")) + list(clone.glob(".venv.new*"))


def test_without_the_registry_it_ends_with_a_sentence_and_works_once_it_is_back(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "wheels").rename(tmp_path / "away")
    failed = _start(clone)
    assert failed.returncode == 2
    assert "Look at the network" in failed.stderr
    (tmp_path / "away").rename(tmp_path / "wheels")
    assert _start(clone).returncode == 0


def test_a_half_made_environment_is_never_used(clone: Path) -> None:
    # What a set-up killed in the middle leaves, and an environment that somebody else began.
    (clone / ".venv.new-123" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    done = _start(clone)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(" 1.0\n")
    assert not (clone / ".venv.new-123").exists()


def test_two_first_starts_at_once_both_work_and_one_of_them_makes_it(clone: Path) -> None:
    starts = [
        subprocess.Popen(
            [str(clone / "prosaas"), str(number)],
            env=_environment(clone.parent),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    ended = [(*start.communicate(timeout=240), start.returncode) for start in starts]
    assert [status for _, _, status in ended] == [0, 0, 0], ended
    assert sum("making .venv with" in errors for _, errors, _ in ended) == 1


def test_the_packages_of_the_tests_come_with_the_test_command(made: Path) -> None:
    both = "import tiny\ntry:\n    import tinydev; print('both')\nexcept ImportError: print('one')"
    (made / "prosaas.py").write_text(both)
    assert _start(made, "web").stdout == "one\n"
    assert _start(made, "test").stdout == "both\n"
    assert _start(made, "test").stderr == ""
    (made / "requirements.txt").write_text((made / "requirements.txt").read_text() + "# changed\n")
    assert _start(made, "web").stdout == "both\n"


def test_an_environment_whose_python_is_gone_is_made_again(made: Path) -> None:
    for link in (made / ".venv" / "bin").glob("python*"):
        if link.readlink().is_absolute():
            link.unlink()
            link.symlink_to("/usr/bin/python3.none")
    done = _start(made)
    assert done.returncode == 0, done.stderr
    assert "making .venv with" in done.stderr


def test_scripts_of_the_environment_name_it_where_it_is(
    first_start: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    clone, _ = first_start
    scripts = [path for path in (clone / ".venv" / "bin").iterdir() if path.is_file() and not path.is_symlink()]
    assert scripts
    assert not [path for path in scripts if b".venv.new" in path.read_bytes()]
    assert f"VIRTUAL_ENV='{clone / '.venv'}'" in (clone / ".venv" / "bin" / "activate").read_text().replace('"', "'")


def _only(folder: Path, *programs: str) -> str:
    """A PATH of its own with these programs of the system."""
    folder.mkdir()
    for program in ("dirname", "readlink", "cmp", *programs):
        found = shutil.which(program)
        assert found is not None
        (folder / program).symlink_to(found)
    return str(folder)


def test_without_a_python_it_says_which_one_it_needs(clone: Path, tmp_path: Path) -> None:
    failed = _start(clone, PATH=_only(tmp_path / "bin"), PROSAAS_PYTHON="")
    assert failed.returncode == 2
    assert failed.stderr.startswith("prosaas: Python 3.11 or newer was not found;")


def test_an_old_python3_is_passed_over_for_a_newer_one(clone: Path, tmp_path: Path) -> None:
    path = _only(tmp_path / "bin")
    old = tmp_path / "bin" / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (tmp_path / "bin" / f"python3.{sys.version_info[1]}").symlink_to(getattr(sys, "_base_executable", sys.executable))
    done = _start(clone, PATH=path, PROSAAS_PYTHON="")
    assert done.returncode == 0, done.stderr


def test_a_python_that_was_asked_for_and_does_not_do_is_told(clone: Path) -> None:
    failed = _start(clone, PROSAAS_PYTHON="/bin/false")
    assert failed.returncode == 2
    assert "PROSAAS_PYTHON is “/bin/false”" in failed.stderr


def test_pip_settings_that_would_install_elsewhere_are_left_aside(clone: Path, tmp_path: Path) -> None:
    done = _start(clone, PIP_TARGET=str(tmp_path / "elsewhere"), PIP_USER="1", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "elsewhere").exists()


def test_a_later_start_runs_three_small_programs_before_the_command_and_no_more(made: Path, tmp_path: Path) -> None:
    done = _start(made, "web", PATH=_only(tmp_path / "bin"), PROSAAS_PYTHON="")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("1.0 web\n")
