"""Make the demo model, everything in one command.

    python -m tools.demo_model --out build/demo [--minutes 8] [--total-minutes 8.4] [--tiny]

Trains the tokenizer if there is none yet, then the model (or goes on with it), and when the training is done
writes the model folder OUT/model and evaluates it.
"""

from __future__ import annotations

import argparse
import json

from tools.demo_model import tokenizer, train
from tools.demo_model.evaluate import evaluate, table
from tools.demo_model.export import export
from tools.demo_model.generate import FolderModel


def main() -> None:
    """Make the model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    train.add_arguments(parser)
    parser.add_argument("--count", type=int, default=200, help="held-out questions of each kind")
    args = parser.parse_args()
    train.copy_tokenizer(args)
    if not (args.out / "tokenizer.model").is_file():
        tokenizer.train(args.out, 2000 if args.tiny else tokenizer.DIALOGUES)
    if not train.train(args):
        print("not done: call it again to go on")
        return
    folder = args.out / "model"
    export(args.out, folder)
    count = 2 if args.tiny else args.count
    results = {quant: evaluate(FolderModel(folder, quant=quant), count) for quant in ("f16", "q4")}
    (folder / "evaluation.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    print(table(results))


if __name__ == "__main__":
    main()
