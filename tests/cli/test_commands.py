"""The command line, run as its users run it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import recourse as rs
from helpers import world
from recourse.cli.main import main


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(*arguments: object, cwd: Path | str = ".") -> Done:
    """Run a command in this process: starting Python anew takes longer than the command."""
    with contextlib.chdir(cwd):
        result = CliRunner().invoke(main, list(map(str, arguments)), prog_name="recourse")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def run_process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recourse", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=120)


@pytest.fixture(scope="module")
def loans(tmp_path_factory):
    """A table with a target, a group column in words, and four numeric features."""
    w = world(31, n=150)
    path = tmp_path_factory.mktemp("data") / "loans.csv"
    frame = w.X.assign(region=["north", "south"] * 75, good=w.y)
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def common(loans):
    return [loans, "--target", "good", "--fit", "logistic", "--drop", "region"]


def test_an_audit_prints_who_has_recourse_by_group(common):
    done = run("audit", *common, "--group-by", "region", "--group-by", "owns", "--cross")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Audit of 150 people")
    assert "region × owns" in done.stdout
    assert "note: " in done.stderr


def test_json_and_csv_are_complete_and_the_same_every_time(common):
    one, other = (run_process("audit", *common, "--format", "json", PYTHONHASHSEED=seed) for seed in "12")
    assert one.stdout == other.stdout
    document = json.loads(one.stdout)
    assert document["overall"]["n"] == 150
    table = run("audit", *common, "--format", "csv")
    rows = pd.read_csv(io.StringIO(table.stdout))
    assert len(rows) == 150
    assert rows["denied"].sum() == document["overall"]["denied"]


@pytest.mark.parametrize(("command", "said"), [(["audit"], "Audit of 150 people"), (["flipset", "--row", "0"], "cost")])
def test_pages_are_written_as_html(command, said, common, tmp_path):
    page = tmp_path / "page.html"
    done = run(command[0], *common, *command[1:], "--format", "html", "-o", page)
    assert done.returncode == 0, done.stderr
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!")
    assert said in text


def test_a_flipset_lists_what_one_person_can_do(common, loans):
    document = json.loads(run("audit", *common, "--format", "json").stdout)
    assert document["overall"]["denied"] > 0
    rows = pd.read_csv(io.StringIO(run("audit", *common, "--format", "csv").stdout))
    row = rows.index[rows["denied"]][0]
    done = run("flipset", *common, "--row", row, "--items", 3, "--immutable", "owns", "--only-down", "overdue")
    assert done.returncode == 0, done.stderr
    assert "item" in done.stdout
    assert "owns" not in done.stdout
    approved = rows.index[~rows["denied"]][0]
    assert "approved already" in run("flipset", *common, "--row", approved).stdout


def test_a_model_from_a_file_needs_no_target(loans, tmp_path):
    model = tmp_path / "model.csv"
    model.write_text("feature,coefficient\n(intercept),-6\nincome,1\noverdue,-1\n")
    done = run("audit", loans, "--model", model, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [feature["name"] for feature in json.loads(done.stdout)["actions"]] == ["income", "overdue"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["audit", "nothing.csv", "--target", "good", "--fit", "logistic"],
            2,
            "can't read nothing.csv as CSV: No such",
        ),
        (["audit", "LOANS", "--target", "god", "--fit", "logistic"], 2, "no column 'god'. Did you mean 'good'"),
        (["audit", "NAMES", "--target", "good", "--fit", "logistic"], 2, "'who' holds 150 different words .* --drop"),
        (["audit", "COMMON", "--actions", "BAD"], 2, "bad.toml, line 2|line 2, feature 'incme'"),
        (["audit", "COMMON", "--actions", "no.toml"], 2, "can't read no.toml: No such file"),
        (["init", "LOANS", "--target", "god"], 2, "--target: .* no column 'god'. Did you mean 'good'"),
        (["init", "LOANS", "--output", "BAD"], 2, "exists, and a draft would replace"),
        (["init", "LOANS", "--output", "nowhere/a.toml"], 2, "there is no folder nowhere"),
        (["init", "nothing.csv"], 2, "can't read nothing.csv as CSV"),
        (["check", "BAD", "LOANS"], 2, "'incme': the table has no such column. Did you mean 'income'"),
        (["check", "BAD", "LOANS", "--drop", "regin"], 2, "--drop: .* no column 'regin'"),
        (["audit", "LOANS", "--target", "region", "--fit", "logistic"], 2, "which label is favourable"),
        (["audit", "LOANS", "--target", "overdue", "--fit", "logistic"], 2, "has 8 labels"),
        (["audit", "LOANS", "--target", "good"], 2, "either --fit logistic or --model"),
        (["audit", "LOANS", "--fit", "logistic"], 2, "--fit needs --target"),
        (["audit", "COMMON", "--group-by", "regin"], 2, "no column 'regin'. Did you mean 'region'"),
        (["audit", "COMMON", "--immutable", "incme"], 2, "--immutable: .* no column 'incme'"),
        (["audit", "COMMON", "--cost", "totl"], 2, "Did you mean 'total'"),
        (["audit", "COMMON", "--desired", "yes"], 2, "none of the model's labels"),
        (["audit", "COMMON", "--threshold", "2"], 2, "between 0 and 1"),
        (["audit", "COMMON", "--threshold", "0.000001"], 2, "nobody is denied"),
        (["audit", "COMMON", "--time-limit", "-3"], 2, "must be seconds"),
        (["audit", "COMMON", "--fail-if", "feasable<1"], 2, "--fail-if: .* must be like"),
        (["audit", "COMMON", "--output", "nowhere/audit.txt"], 2, "there is no folder nowhere"),
        (["audit", "COMMON", "--output", "."], 2, "is a folder"),
        (["audit", "COMMON", "--fail-if", "difference.feasible>0.0"], 2, "needs --group-by"),
        (["audit", "COMMON", "--only-up", "income", "--only-down", "income"], 2, "exclude each other.*'income'"),
        (["audit", "COMMON", "--max-changes", "-1"], 2, "--max-changes must be"),
        (
            ["audit", "LOANS", "--model", "TABLE", "--target", "income"],
            2,
            "reads 'income', but --target income removed",
        ),
        (["flipset", "COMMON", "--row", "150"], 2, "the rows 0 to 149"),
        (["audit", "LOANS", "--model", "EVIL"], 3, "looks like a pickle"),
        (["data", "fetch", "nothing"], 2, "nothing"),
    ],
)
def test_bad_input_is_one_clear_line_and_an_exit_code(common, loans, tmp_path, arguments, code, message):
    evil = tmp_path / "model.skops"
    evil.write_bytes(b"\x80\x04K\x01.")
    bad = tmp_path / "bad.toml"
    bad.write_text("version = 1\n[features.incme]\n")
    names = tmp_path / "names.csv"
    pd.read_csv(loans).assign(who=[f"n{i}" for i in range(150)]).to_csv(names, index=False)
    table = loans.with_name("coefficients.csv")
    table.write_text("feature,coefficient\n(intercept),-6\nincome,1\n")
    words = {"TABLE": [table], "LOANS": [loans], "COMMON": common, "EVIL": [evil], "BAD": [bad], "NAMES": [names]}
    done = run(*(word for one in arguments for word in words.get(one, [one])), cwd=tmp_path)
    assert done.returncode == code
    assert done.stdout == ""
    error = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(error) == 1
    assert re.search(message, error[0]), error[0]
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.toml", "model.skops", "names.csv"], (
        "nothing written"
    )
    assert bad.read_text() == "version = 1\n[features.incme]\n"


def test_a_draft_of_the_actions_is_written_checked_and_used(loans, common, tmp_path):
    text = run("init", loans, "--target", "good")
    assert text.returncode == 0, text.stderr
    assert run("init", loans, "--target", "good", "-o", "actions.toml", cwd=tmp_path).returncode == 0
    path = tmp_path / "actions.toml"
    assert path.read_text(encoding="utf-8") == text.stdout
    done = run("check", path, loans, "--target", "good")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("actions.toml is sound: 5 features, 5 of them actionable; constraints: 0\n")
    assert "note: 'income': 4 of 150 people are outside the bounds" in done.stdout
    plain, read = (run("audit", *common, *more, "--format", "json") for more in ([], ["--actions", path]))
    assert json.loads(plain.stdout)["overall"] == json.loads(read.stdout)["overall"]


def test_options_override_the_action_file_and_its_weights_count(loans, common, tmp_path):
    path = tmp_path / "actions.json"
    features = {
        "income": {"direction": "up", "weight": 3},
        "owns": {"actionable": False},
        "region": {"group_only": True},
    }
    path.write_text(json.dumps({"features": features}))
    grouped = [loans, "--target", "good", "--fit", "logistic", "--group-by", "region", "--actions", path]
    done = run("audit", *grouped, "--only-down", "income", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "note: actions.json says nothing about 'overdue', 'balance'" in done.stderr
    stated = {feature["name"]: feature for feature in json.loads(done.stdout)["actions"]}
    assert stated["income"]["step_direction"] == -1
    assert stated["owns"]["actionable"] is False
    assert "region" not in stated
    assert "region" in done.stdout
    # the file names a column that --drop leaves out, and weighs what remains
    base = run("audit", *common, "--immutable", "overdue", "--immutable", "balance", "--immutable", "owns")
    only = json.dumps({"features": {"region": {"group_only": True}, "income": {"weight": 3}}})
    path.write_text(only)
    dear = run("audit", *common, "--immutable", "overdue", "--immutable", "balance", "--immutable", "owns",
               "--actions", path)  # fmt: skip
    means = [float(re.search(r"mean ([\d.]+)", result.stdout)[1]) for result in (base, dear)]
    assert means[1] == pytest.approx(3 * means[0], rel=1e-3)


def test_check_prints_every_problem_and_a_column_the_model_reads_is_not_only_for_groups(loans, tmp_path):
    path = tmp_path / "actions.toml"
    path.write_text('[features.incme]\n[features.owns]\ndirection = "upp"\n')
    done = run("check", path, loans)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == "error: actions.toml has 2 problems:"
    assert "line 3, feature 'owns', direction" in done.stderr
    path.write_text("[features.income]\ngroup_only = true\n")
    model = tmp_path / "model.csv"
    model.write_text("feature,coefficient\n(intercept),-6\nincome,1\noverdue,-1\n")
    done = run("audit", loans, "--model", model, "--actions", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "'income' is group_only there, but the model reads it" in done.stderr


def test_words_and_missing_values_are_fitted_and_audited(loans, tmp_path):
    frame = pd.read_csv(loans).drop(columns=["balance"]).head(60)
    frame.loc[3:6, "income"] = None
    frame.loc[2:4, "region"] = None
    frame.to_csv(tmp_path / "words.csv", index=False)
    (tmp_path / "coarse.toml").write_text("[features.income]\nstep = { relative = 0.1 }\nfrom_missing = 1\n")
    done = run("audit", "words.csv", "--target", "good", "--fit", "logistic", "--actions", "coarse.toml",
               "--format", "csv", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = pd.read_csv(io.StringIO(done.stdout))
    assert len(rows) == 60
    assert 0 < rows["denied"].sum() < 60
    denied = rows.index[rows["denied"]][0]
    person = run("flipset", "words.csv", "--target", "good", "--fit", "logistic", "--actions", "coarse.toml",
                 "--row", denied, "--items", 2, cwd=tmp_path)  # fmt: skip
    assert person.returncode == 0, person.stderr


def test_a_condition_can_fail_the_build(common):
    assert run("audit", *common, "--fail-if", "denied>0").returncode == 1
    assert run("audit", *common, "--fail-if", "denied<0").returncode == 0
    done = run("audit", *common, "--group-by", "region", "--fail-if", "difference.denied_share >= 0")
    assert done.returncode == 1
    assert "region: " in done.stderr


def test_undecided_people_show_in_the_exit_code(common):
    done = run("audit", *common, "--time-limit", 0)
    assert done.returncode == 4
    assert "undecided" in done.stdout


def test_output_goes_to_a_file_whole(common, tmp_path):
    done = run("audit", *common, "--format", "json", "-o", "audit.json", cwd=tmp_path)
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["audit.json"]
    assert json.loads((tmp_path / "audit.json").read_text())["overall"]["n"] == 150


def test_the_demo_writes_json_and_csv_that_agree(tmp_path):
    done = run("demo", "--people", 300, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "synthetic, not evidence about lending" in done.stdout
    document = json.loads((tmp_path / "recourse-demo" / "audit.json").read_text())
    people = pd.read_csv(tmp_path / "recourse-demo" / "people.csv")
    assert people["denied"].sum() == document["overall"]["denied"] > 0
    assert (people["status"] == "infeasible").sum() == document["overall"]["no_recourse"]
    assert f"{document['overall']['recourse']:,}" in done.stdout


def test_data_sets_are_listed():
    done = run("data", "list")
    assert done.returncode == 0
    for name in ("lender", "credit", "german", "compas", "adult"):
        assert name in done.stdout


def test_version_and_help_name_every_command():
    version = run("--version").stdout
    assert rs.__version__ in version
    assert "kernels" in version
    text = run("--help").stdout
    for command in ("audit", "flipset", "demo", "data"):
        assert command in text
        assert run(command, "--help").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_ctrl_c_prints_what_is_done_and_says_so(tmp_path):
    lender = rs.datasets.lender(20_000).frame
    lender.to_csv(tmp_path / "loans.csv", index=False)
    code = (
        "import recourse as rs, os, signal\n"
        "from recourse.cli.main import main\n"
        "whole = rs.audit\n"
        "def audit(*args, **kwargs):\n"
        "    kwargs['progress'] = lambda done, total: os.kill(os.getpid(), signal.SIGINT)\n"
        "    return whole(*args, **kwargs)\n"
        "rs.audit = audit\n"
        "main(['audit', 'loans.csv', '--target', 'approved', '--fit', 'logistic'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 4, done.stderr
    assert "Stopped early" in done.stdout


def test_values_that_a_model_from_a_file_can_not_take_are_bad_input(loans, tmp_path):
    model = tmp_path / "model.csv"
    model.write_text("feature,coefficient\n(intercept),-6\nincome,1\noverdue,-1\n")
    frame = pd.read_csv(loans).astype({"income": object})
    frame.loc[3, "income"] = "much"
    frame.to_csv(tmp_path / "words.csv", index=False)
    for command in (["audit"], ["flipset", "--row", 3]):
        done = run(command[0], "words.csv", "--model", model, *command[1:], cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert "multiplies 'income', which holds 'much'" in done.stderr
    skops = pytest.importorskip("skops.io")
    w = world(31, n=150)
    skops.dump(w.clf, tmp_path / "lr.skops")
    w.X.loc[5, "income"] = None
    w.X.to_csv(tmp_path / "gaps.csv", index=False)
    done = run("audit", "gaps.csv", "--model", "lr.skops", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is missing in 1 row (5)" in done.stderr


def test_a_coefficient_beyond_all_floats_is_a_refused_model(loans, tmp_path):
    (tmp_path / "model.json").write_text('{"coefficients": {"income": 1%s}}' % ("0" * 400))
    done = run("audit", loans, "--model", "model.json", cwd=tmp_path)
    assert done.returncode == 3
    assert "finite number" in done.stderr


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


def test_ctrl_c_before_the_search_and_mistakes_of_ours_never_look_like_a_condition_that_was_hit(common, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    def fall_over(*args, **kwargs):
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("recourse.cli.task.read_csv", interrupt)
    done = run("audit", *common, "--fail-if", "denied>0")
    assert done.returncode == 4
    assert "interrupted" in done.stderr
    monkeypatch.setattr("recourse.cli.task.read_csv", fall_over)
    done = run("audit", *common, "--fail-if", "denied>0")
    assert done.returncode == 70
    assert "Traceback" in done.stderr
    assert "a mistake of ours" in done.stderr


def test_a_condition_on_what_nobody_can_tell_is_hit_and_says_so(common):
    done = run("audit", *common, "--time-limit", 0, "--fail-if", "feasible<0.9")
    assert done.returncode == 1
    assert "nobody to tell feasible from" in done.stderr
    done = run("audit", *common, "--time-limit", 0, "--group-by", "region", "--fail-if", "difference.feasible>0.9")
    assert done.returncode == 1
    assert "region: nobody to tell feasible from" in done.stderr


def test_a_favourable_label_may_be_spelt_as_a_whole_number(loans, tmp_path):
    pd.read_csv(loans).astype({"good": float}).to_csv(tmp_path / "floats.csv", index=False)
    done = run("audit", "floats.csv", "--target", "good", "--fit", "logistic", "--drop", "region", "--desired", "1",
               cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs /dev/stdout")
def test_stdout_by_its_name_is_stdout(common):
    done = run_process("audit", *common, "--format", "json", "-o", "/dev/stdout")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["overall"]["n"] == 150
