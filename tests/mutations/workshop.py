"""Bugs in what people look into kernels with, and in what `import kernelc` offers."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

WORKSHOP: tuple[Mutation, ...] = (
    Mutation(
        "errors_of_what_nobody_wants",
        "Numbers of which the reference does not speak count as errors.",
        "kernelc/workshop/difference.py",
        "            same |= ~asked\n",
        "            same |= False\n",
        ("tests/workshop/test_try.py", "-k", "within_what_is_wanted"),
    ),
    Mutation(
        "no_number_is_right",
        "A NaN where a number is wanted is no error.",
        "kernelc/workshop/difference.py",
        "share = np.where(same, 0.0, np.where(np.isfinite(share), share, np.inf))",
        "share = np.where(same, 0.0, np.where(np.isfinite(share), share, 0.0))",
        ("tests/workshop/test_try.py", "-k", "within_what_is_wanted"),
    ),
    Mutation(
        "original_in_place_of_the_change",
        "The results of the original are compared, whatever the text is.",
        "kernelc/workshop/attempt.py",
        "                loaded.results(1),\n",
        "                loaded.results(0),\n",
        ("tests/workshop/test_try.py", "-k", "wrong_by_so_much"),
    ),
    Mutation(
        "names_are_not_listed",
        "A listed kernel has other names than the kernel.",
        "kernelc/kir/listing.py",
        'name = f", name={value.name!r}" if value.name else ""',
        'name = ""',
        ("tests/kir/test_listing.py",),
    ),
    Mutation(
        "smaller_without_failing",
        "A kernel is taken for smaller that does not fail.",
        "kernelc/workshop/reduce.py",
        "        return self._fails(kernel)\n",
        "        return True\n",
        ("tests/workshop/test_repro.py", "-k", "as_small_as_fails"),
    ),
    Mutation(
        "probes_in_texts",
        "Probes are recorded whoever runs the kernel.",
        "kernelc/kir/probes.py",
        "        if debug.interpret_enabled():\n",
        "        if True:\n",
        ("tests/kir/test_probes.py", "-k", "nothing_is_recorded"),
    ),
    Mutation(
        "outputs_are_not_read_back",
        "What the kernel wrote stays on the device.",
        "kernelc/api/kernel.py",
        "            np.copyto(call.arrays[name], results[name].reshape(call.arrays[name].shape))\n",
        "            results[name].reshape(call.arrays[name].shape)\n",
        ("tests/api/test_kernel.py", "-k", "computes_what_numpy_does and numpy"),
    ),
    Mutation(
        "rows_of_the_first_axis_alone",
        "a[i, j] is taken for a[i + j].",
        "kernelc/api/arrays.py",
        "            flat = flat * extent + each\n",
        "            flat = flat + each\n",
        ("tests/api/test_kernel.py", "-k", "vectors_of_several_axes and numpy"),
    ),
    Mutation(
        "recorded_whoever_runs_it",
        "A kernel that was recorded without probes is taken for the interpreter, too.",
        "kernelc/api/kernel.py",
        "subgroup_size, debug.interpret_enabled())",
        "subgroup_size)",
        ("tests/kir/test_probes.py", "-k", "nothing_is_recorded"),
    ),
    Mutation(
        "no_words_for_what_a_target_lacks",
        "A kernel that a target has no text for ends in a traceback.",
        "kernelc/printing.py",
        "    except NotImplementedError as error:\n",
        "    except ZeroDivisionError as error:\n",
        ("tests/api/test_kernel.py", "-k", "no_text_for"),
    ),
)
