"""The command line: finds the command, runs it, and turns every outcome into an exit code.

Exit codes: 0 done; 1 the work failed; 2 wrong usage or unusable input; 130 interrupted (Ctrl-C); 141 the
reader of stdout went away. Results go to stdout. Errors go to stderr, with a first line that starts with
`error:`. A command's module is imported only when the command is run, and imports the compiler only then, so
that `kernelc --help` answers at once.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import NoReturn, Protocol, cast

from kernelc import __version__
from kernelc.commands.shared.options import FLAGS
from kernelc.errors import InternalError, KernelcError, UsageError, WorkFailed

INTERRUPTED = 130  # 128 + SIGINT, as shells report a program that Ctrl-C ended
READER_GONE = 141  # 128 + SIGPIPE, likewise for `kernelc inspect ... | head`

_SMALLER = "try a smaller `context` or `quant` q4"
_MAX_REPORT_LINES = 200  # the IR of a large kernel has thousands of lines

COMMANDS: dict[str, str] = {
    "build": "compile a model folder into an artifact: kernels, packed weights and one program",
    "chat": "talk to a model in the terminal",
    "serve": "answer OpenAI's HTTP API with one or more models",
    "generate": "continue a prompt, for scripts",
    "evaluate": "measure how well the model predicts a text",
    "bench": "measure tokens per second",
    "inspect": "show the graph, the kernels and the exact memory plan",
    "explore": "write a folder that shows every kernel, line by line, and runs changed ones in the browser",
    "web": "write a folder that chats in the browser, from any file server",
    "tune": "find the fastest schedules for this device, and keep them in a table",
    "try": "run a kernel's text, changed by hand, beside the original",
    "verify": "check every kernel on this device against its numpy reference",
    "models": "list the names, files, families and weight formats that can be built",
    "cache": "list or remove what earlier commands built, compiled and downloaded",
    "devices": "show what there is to run on, and what is missing for the rest",
}


class Command(Protocol):
    """What each module in kernelc/commands provides."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace) -> int: ...


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are ordinary errors, so that they look like all the others."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, help=f"`{self.prog} --help` lists the options")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; never raises, except SystemExit for `--help`."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _show_what_cannot_be_encoded()
    _stop_on_sigterm()
    try:
        code = _run(arguments)
        sys.stdout.flush()  # a closed pipe raises here, where it can still be handled
        return code
    except KernelcError as error:
        return _fail(error.render(FLAGS), error.exit_code)
    except KeyboardInterrupt:
        return _fail("", INTERRUPTED)
    except BrokenPipeError:
        _silence_stdout()
        return READER_GONE
    except OSError as error:
        known = _of_system(error)
        return _fail(known.render(FLAGS), known.exit_code)
    except MemoryError:
        return _fail(KernelcError("out of memory", help=_SMALLER).render(FLAGS), 1)
    except Exception as error:
        return _fail(_render_bug(error), 1)


def _show_what_cannot_be_encoded() -> None:
    """Write "?" for what the encoding of a terminal or pipe lacks, and read U+FFFD for undecodable input."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _stop_on_sigterm() -> None:
    """Turn SIGTERM into an exception, so that a half-built artifact is removed as after Ctrl-C."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments and arguments[0] in COMMANDS else None
    command = load_command(name) if name is not None else None
    args = _parser(name, command).parse_args(arguments)
    if command is None:
        raise UsageError("no command given", help=f"say one of {', '.join(COMMANDS)}")
    return command.run(args)


def load_command(name: str) -> Command:
    """Return a command's module. Raises: ModuleNotFoundError for a name that is no command's."""
    module = "try_kernel" if name == "try" else name  # no module can be imported that is called as a keyword
    return cast(Command, importlib.import_module(f"kernelc.commands.{module}"))


def _parser(chosen: str | None, command: Command | None) -> Parser:
    """Return the parser with every command's name and the arguments of the chosen one."""
    parser = Parser(
        prog="kernelc",
        description="Compiles language models to readable GPU kernels and runs them.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"kernelc {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)
    for name, summary in COMMANDS.items():
        description = summary[0].upper() + summary[1:] + "."
        subparser = commands.add_parser(name, help=summary, description=description, allow_abbrev=False)
        if command is not None and name == chosen:
            command.add_arguments(subparser)
    return parser


def _fail(text: str, code: int) -> int:
    """Print `text` on stderr, after flushing stdout, and return `code`."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
    if text:
        print(text, file=sys.stderr)
    return code


def _silence_stdout() -> None:
    """Point stdout at the null device, so that the interpreter's final flush does not fail on the closed
    pipe.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_MISTAKES = {
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EACCES: "make it readable, or writable, for you; or name another",
    errno.EPERM: "make it readable, or writable, for you; or name another",
    errno.ENOENT: "check the name",
    errno.ENOTDIR: "a part of this path is a file; check the name",
    errno.EISDIR: "name a file",
    errno.ELOOP: "its links lead in a circle; name the file itself",
    errno.EROFS: "name a place that can be written",
}
"""What the system refuses because of what was asked for, and what to do."""


def _of_system(error: OSError) -> KernelcError:
    """Return the error of a call of the system: the user's mistake where that is a name or a right, and
    otherwise a failure of the work.
    """
    file = None if error.filename is None else os.fsdecode(error.filename)
    said = error.strerror or str(error)
    if file is not None and error.errno in _MISTAKES:
        return UsageError(said, where=file, help=_MISTAKES[error.errno])
    help_ = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
    return WorkFailed(said, where=file, help=help_)


def _render_bug(error: Exception) -> str:
    """Return the error line for a bug of ours, followed by what a report needs: the traceback, and the IR if
    there is one.
    """
    kind = "internal error" if isinstance(error, InternalError) else type(error).__name__
    first = str(error).strip().splitlines()[:1]
    line = KernelcError(
        ": ".join([kind, *first]), help="a bug of kernelc: please report what follows"
    ).render()
    report = "".join(traceback.format_exception(error)).rstrip().splitlines()
    if len(report) > _MAX_REPORT_LINES:
        report = [
            *report[:_MAX_REPORT_LINES],
            "... cut here; KERNELC_DUMP=FOLDER writes every stage to files",
        ]
    return "\n".join([line, *report])


if __name__ == "__main__":
    sys.exit(main())
