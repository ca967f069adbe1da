"""Pickles are refused unopened, whatever they are called, unless by somebody who names their SHA-256."""

from __future__ import annotations

import hashlib
import pickle

import pytest
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression

import recourse as rs
from helpers import Evil
from recourse.cli.main import main


def test_a_pickle_is_opened_only_by_its_own_hash_and_that_is_recorded(tmp_path, w):
    file = tmp_path / "model.pkl"
    file.write_bytes(pickle.dumps(LogisticRegression().fit(w.X, w.y)))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert rs.load_model(file, trust_pickle=digest.upper()).predict(w.X).shape == (80,)
    with pytest.raises(rs.ModelError, match=f"not the pickle that was trusted: its SHA-256 is {digest}"):
        rs.load_model(file, trust_pickle="0" * 64)
    table = tmp_path / "people.csv"
    w.X.to_csv(table, index=False)
    command = ["audit", str(table), "--model", str(file), "--format", "json"]
    assert CliRunner().invoke(main, command).exit_code == 3
    result = CliRunner().invoke(main, [*command, "--trust-pickle", digest])
    assert result.exit_code == 0, result.output
    assert digest in result.stdout


def test_trusting_what_is_no_pickle_is_a_mistake(tmp_path):
    file = tmp_path / "model.json"
    file.write_text('{"coefficients": {"a": 1}}')
    with pytest.raises(rs.InputError, match="trust_pickle= is for pickle and joblib files"):
        rs.load_model(file, trust_pickle="0" * 64)


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("name", ["model.skops", "model.onnx", "model.json", "model.ubj"])
def test_a_pickle_by_any_name_is_refused_unopened(tmp_path, protocol, name):
    mark = tmp_path / "executed"
    (tmp_path / name).write_bytes(pickle.dumps(Evil(mark), protocol=protocol))
    with pytest.raises(rs.ModelError, match="looks like a pickle"):
        rs.load_model(tmp_path / name)
    with pytest.raises(rs.ModelError, match="not the pickle that was trusted"):
        rs.load_model(tmp_path / name, trust_pickle=hashlib.sha256(b"another").hexdigest())
    assert not rs.inspect_model(tmp_path / name).loads
    assert not mark.exists()


@pytest.mark.parametrize("protocol", [0, 1])
def test_a_pickle_of_the_text_age_is_no_model_either(tmp_path, protocol):
    mark = tmp_path / "executed"
    (tmp_path / "model.skops").write_bytes(pickle.dumps(Evil(mark), protocol=protocol))
    with pytest.raises(rs.ModelError):
        rs.load_model(tmp_path / "model.skops")
    assert not mark.exists()


def test_inspect_lists_what_is_inside_without_running_it(tmp_path, w):
    skops = pytest.importorskip("skops.io")
    skops.dump(LogisticRegression().fit(w.X, w.y), tmp_path / "model")
    found = rs.inspect_model(tmp_path / "model")
    assert found.kind == "skops"
    assert found.loads
    assert any("LogisticRegression" in line for line in found.contents)
    mark = tmp_path / "executed"
    (tmp_path / "evil").write_bytes(pickle.dumps(Evil(mark)))
    evil = rs.inspect_model(tmp_path / "evil")
    assert evil.sha256 == hashlib.sha256((tmp_path / "evil").read_bytes()).hexdigest()
    assert any("open" in line for line in evil.contents)
    assert not mark.exists()


def test_a_pickle_is_refused_unopened_whatever_it_is_called(tmp_path):
    mark = tmp_path / "executed"
    for name in ("model.pkl", "model.skops", "model.json"):
        (tmp_path / name).write_bytes(pickle.dumps(Evil(mark)))
        with pytest.raises(rs.ModelError, match="looks like a pickle"):
            rs.load_model(tmp_path / name)
    assert not mark.exists()
