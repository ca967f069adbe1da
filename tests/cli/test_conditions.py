"""`--fail-if`: conditions that fail a build."""

from __future__ import annotations

from command_line import run


def test_a_condition_can_fail_the_build(common):
    assert run("audit", *common, "--fail-if", "denied>0").returncode == 1
    assert run("audit", *common, "--fail-if", "denied<0").returncode == 0
    done = run("audit", *common, "--group-by", "region", "--fail-if", "difference.denied_share >= 0")
    assert done.returncode == 1
    assert "region: " in done.stderr


def test_a_condition_on_what_nobody_can_tell_is_hit_and_says_so(common):
    done = run("audit", *common, "--time-limit", 0, "--fail-if", "feasible<0.9")
    assert done.returncode == 1
    assert "nobody to tell feasible from" in done.stderr
    done = run("audit", *common, "--time-limit", 0, "--group-by", "region", "--fail-if", "difference.feasible>0.9")
    assert done.returncode == 1
    assert "region: nobody to tell feasible from" in done.stderr
