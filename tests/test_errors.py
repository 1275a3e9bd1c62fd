from __future__ import annotations

import pickle

import pytest

from kernelc import errors
from kernelc.errors import ConfigError, InternalError, KernelcError, WorkFailed

ALL = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, KernelcError)]


def test_render_names_place_problem_and_remedy_on_one_line():
    error = ConfigError(
        "got 7 heads, wanted a divisor of 64", where="config.json: num_heads", help="check the file"
    )
    assert str(error) == "got 7 heads, wanted a divisor of 64"
    assert error.render() == (
        "error: config.json: num_heads: got 7 heads, wanted a divisor of 64 (help: check the file)"
    )


def test_render_leaves_out_what_is_not_given():
    assert KernelcError("nothing to do").render() == "error: nothing to do"
    assert KernelcError("nothing to do", help="stop").render() == "error: nothing to do (help: stop)"
    assert KernelcError("nothing to do", where="here").render() == "error: here: nothing to do"


@pytest.mark.parametrize("part", ["message", "where", "help"])
def test_render_is_one_printable_line_whatever_a_file_put_into_it(part: str):
    hostile = "a\r\nb\u2028c\x1b[2Jd\x00\u202ee" + "x" * 100_000
    parts = {"message": "m", "where": "w", "help": "h"} | {part: hostile}
    line = KernelcError(parts["message"], where=parts["where"], help=parts["help"]).render()
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    assert "a b c\\x1b[2Jd\\x00\\u202ee" in line
    assert len(line) < 2500


@pytest.mark.parametrize("kind", ALL)
def test_exit_codes_tell_failed_work_from_bad_input(kind: type[KernelcError]):
    assert kind("m").exit_code == (1 if kind is WorkFailed else 2)


@pytest.mark.parametrize("kind", ALL)
def test_errors_survive_pickling(kind: type[KernelcError]):
    copy = pickle.loads(pickle.dumps(kind("m", where="w", help="h")))
    assert type(copy) is kind
    assert (copy.message, copy.where, copy.help) == ("m", "w", "h")


def test_internal_error_carries_the_ir_and_is_not_the_users_fault():
    error = InternalError("v3 is used before it is made", ir="let v4 = v3 + 1")
    assert str(error) == "v3 is used before it is made\nlet v4 = v3 + 1"
    assert not isinstance(error, KernelcError)
    assert str(InternalError("no text")) == "no text"
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.message, copy.ir) == (error.message, error.ir)
