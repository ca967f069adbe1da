"""A child process, used again by all tests, that opens hostile files within limits of memory and processor time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from command_line import Done

PEOPLE = "a,b\n" + "".join(f"{k % 7 - 3}.5,{k % 5}\n" for k in range(40))


class Child:
    """A process that answers commands; it is started anew after one that killed it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def run(self, *arguments: object) -> Done:
        """Run a command there; a crash or a limit that was hit is an exit code below 0."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", str(Path(__file__).with_name("child.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([str(one) for one in arguments]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            code, self.process = self.process.wait(), None
            return Done(code, "", "the process died")
        return Done(*json.loads(answer))

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.communicate()


@pytest.fixture(scope="session")
def child() -> Iterator[Child]:
    one = Child()
    yield one
    one.close()


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("people") / "people.csv"
    file.write_text(PEOPLE)
    return file


@pytest.fixture
def refused(child: Child, people: Path, tmp_path: Path) -> Callable[[bytes | str, str], None]:
    """Assert that a model file with this content is refused, in one line with these words and with exit code 3."""

    def check(content: bytes | str, words: str) -> None:
        file = tmp_path / "model"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        done = child.run("audit", people, "--model", file, "--desired", "1")
        assert done.returncode == 3, (done.returncode, done.stderr[-2000:], done.stdout[:200])
        assert words in done.stderr, done.stderr[-2000:]
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
        assert len(done.stderr) < 2000

    return check


@pytest.fixture
def opened(child: Child, people: Path, tmp_path: Path) -> Callable[[bytes | str], None]:
    """Assert that a model file with this content is opened and judges people."""

    def check(content: bytes | str) -> None:
        file = tmp_path / "model"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        done = child.run("flipset", people, "--model", file, "--desired", "1", "--row", 0)
        assert done.returncode == 0, (done.returncode, done.stderr[-2000:])

    return check
