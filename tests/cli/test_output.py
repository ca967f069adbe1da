"""What leaves a command: whole files or none, in every format."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from command_line import run, run_process


@pytest.mark.parametrize(("command", "said"), [(["audit"], "Audit of 150 people"), (["flipset", "--row", "0"], "cost")])
def test_pages_are_written_as_html(command, said, common, tmp_path):
    page = tmp_path / "page.html"
    done = run(command[0], *common, *command[1:], "--format", "html", "-o", page)
    assert done.returncode == 0, done.stderr
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!")
    assert said in text


def test_output_goes_to_a_file_whole(common, tmp_path):
    done = run("audit", *common, "--format", "json", "-o", "audit.json", cwd=tmp_path)
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["audit.json"]
    assert json.loads((tmp_path / "audit.json").read_text())["overall"]["n"] == 150


def test_output_goes_through_links_and_into_pipes_without_replacing_them(common, tmp_path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    assert run("audit", *common, "--format", "json", "-o", "link.json", cwd=tmp_path).returncode == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["overall"]["n"] == 150
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE, text=True)
    assert run("audit", *common, "--format", "json", "-o", "pipe", cwd=tmp_path).returncode == 0
    assert json.loads(reader.communicate(timeout=30)[0])["overall"]["n"] == 150
    assert (tmp_path / "pipe").is_fifo()
    assert run("audit", *common, "-o", os.devnull).returncode == 0
    assert not Path(os.devnull).is_file()


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs /dev/stdout")
def test_stdout_by_its_name_is_stdout(common):
    done = run_process("audit", *common, "--format", "json", "-o", "/dev/stdout")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["overall"]["n"] == 150
