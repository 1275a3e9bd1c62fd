"""The demo model's generator, its split, and what is shipped in model/demo."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from model.config import DecoderConfig
from model.families.registry import load_model
from model.text.chat_template import load_chat_template
from model.text.tokenizer import load_tokenizer
from tools.demo_model.chat import EOS, SPECIALS, Coder
from tools.demo_model.data import LEARNED, make_shard
from tools.demo_model.dialogues import MAKERS, make_dialogue, make_question, show
from tools.demo_model.evaluate import DISTANCE, table
from tools.demo_model.skills.arithmetic import product_text
from tools.demo_model.tables.world import CAPITALS
from tools.demo_model.talk import DONT_KNOW, Talk, is_held, phrases

REPO = Path(__file__).resolve().parents[2]
DEMO = REPO / "model" / "demo"


@cache
def training() -> tuple[Talk, ...]:
    return tuple(make_dialogue(f"test {seed}") for seed in range(1500))


@cache
def coder() -> Coder:
    return Coder(DEMO / "tokenizer.model")


# ---- the generator -----------------------------------------------------------------------------------------


def test_a_seed_gives_one_dialogue() -> None:
    assert show(make_dialogue("a")) == show(make_dialogue("a")) != show(make_dialogue("b"))


def test_a_phrasing_cannot_be_in_both_splits() -> None:
    with pytest.raises(ValueError, match="in both"):
        phrases("What is {v}?\nTell me {v}.", "Tell me {v}.")


@pytest.mark.parametrize("skill", MAKERS)
def test_held_out_questions_are_not_in_the_training(skill: str) -> None:
    asked = {make_question(skill, seed).turns[-1].user.lower() for seed in range(40)}
    trained = {turn.user.lower() for talk in training() for turn in talk.turns}
    assert not asked & trained


def test_no_operands_of_the_training_are_held_back() -> None:
    names = {"+": "add", "-": "subtract"}
    seen = 0
    for talk in training():
        for before, turn in zip([None, *talk.turns], talk.turns, strict=False):
            found = re.fullmatch(r"(\d+) ([+-]) (\d+) = -?\d+\.", turn.answer)
            if found and (before is None or not before.answer.endswith(f" {found[1]}.")):
                seen += 1
                assert not is_held(names[found[2]], (int(found[1]), int(found[3]))), turn
    assert seen > 200


@pytest.mark.parametrize("held", [False, True])
def test_every_sum_is_right(held: bool) -> None:
    talks = [make_dialogue(f"sums {seed}", held=held) for seed in range(600)]
    answers = [turn.answer for talk in talks for turn in talk.turns]
    sums = [answer for answer in answers if re.match(r"-?\d+ [-+x] \d+ = ", answer)]
    assert len(sums) > 200
    for text in sums:
        values = {eval(side.replace("x", "*")) for side in text.rstrip(".").split(" = ")}  # our own digits
        assert len(values) == 1, text


def test_every_product_shows_its_working() -> None:
    for a in range(100):
        for b in range(100):
            sides = product_text(a, b).rstrip(".").split(" = ")
            assert {eval(side.replace("x", "*")) for side in sides} == {a * b}
    assert product_text(23, 47) == "23 x 47 = 23 x 40 + 23 x 7 = 920 + 161 = 1081."


def test_spelled_answers_are_right() -> None:
    checked = 0
    for seed in range(60):
        turn = make_question("reversing", seed).turns[-1]
        if found := re.fullmatch(r"(.*), backwards (.*): (.*)\.", turn.answer):
            word = found[1].replace(" ", "")
            assert word in turn.user and found[2].split() == list(reversed(word)) and found[3] == word[::-1]
            checked += 1
        turn = make_question("counting letters", seed).turns[-1]
        if found := re.fullmatch(r"(.*): (\d+) letters\.", turn.answer):
            assert len(found[1].split()) == int(found[2])
            checked += 1
    assert checked > 50


def test_memory_answers_what_was_told() -> None:
    for seed in range(80):
        talk = make_question("memory", seed)
        answer = talk.turns[-1].answer.lower()
        told = [value.replace(" my ", " your ").lower() for value in talk.facts.values()]
        assert "you have not told me" in answer or any(value in answer for value in told)


def test_a_hundred_capitals_are_taught() -> None:
    assert len(CAPITALS) >= 100 and len(set(CAPITALS.values())) == len(CAPITALS)
    said = " ".join(turn.answer for talk in training() for turn in talk.turns if turn.skill == "capitals")
    assert sum(capital in said for capital in CAPITALS.values()) > 90


def test_a_shard_is_packed_from_whole_dialogues_and_marks_the_answers() -> None:
    shard = make_shard(coder(), 3, 4, 512)
    assert shard.shape == (4, 513) and np.array_equal(shard, make_shard(coder(), 3, 4, 512))
    assert 0.3 < (shard >= LEARNED).mean() < 0.8
    first = make_dialogue("train 3 0")
    learned = [int(t) - LEARNED for row in shard for t in row if t >= LEARNED]
    answer = coder().encode(first.turns[0].answer)
    assert any(learned[i : i + len(answer) + 1] == [*answer, EOS] for i in range(len(learned)))


# ---- what is shipped ---------------------------------------------------------------------------------------


def test_the_folder_is_small_and_its_shape_exercises_the_real_paths() -> None:
    assert sum(file.stat().st_size for file in DEMO.iterdir()) <= 16_000_000
    config = load_model(DEMO).config
    assert config.tie_word_embeddings and 1 < config.kv_heads < config.heads
    widths = (config.hidden_size, config.intermediate_size, config.heads * config.head_dim)
    assert all(width % 32 == 0 for width in widths) and config.vocab_size <= 4096
    assert config.bos_token_id == 1 and config.eos_token_ids == (EOS,)


def test_the_template_gives_the_tokens_of_the_training() -> None:
    tokenizer = load_tokenizer(DEMO, vocab_size=load_model(DEMO).info.vocab_size)
    template = load_chat_template(DEMO)
    messages = [
        {"role": "system", "content": "Be helpful."},
        {"role": "user", "content": "List the seasons as a list"},
        {"role": "assistant", "content": "- spring\n- summer"},
        {"role": "user", "content": " What is 12 + 345? "},
    ]
    ids = tokenizer.encode(template.render(messages), parse_special=True)
    pairs = [("List the seasons as a list", "- spring\n- summer"), ("What is 12 + 345?", "")]
    assert ids == coder().prompt(pairs, "Be helpful.")


def test_markup_in_a_text_stays_text_and_digits_are_tokens() -> None:
    tokenizer = load_tokenizer(DEMO)
    for text in (*SPECIALS, "<s>", "</s>"):
        ids = tokenizer.encode(f"say {text} now")
        assert min(ids) > len(SPECIALS) + 2 and tokenizer.decode(ids) == f"say {text} now"
    assert len(tokenizer.encode("1234")) == 5  # the leading space and four digits
    foreign = "Grüße, 你好 \U0001f600\n\u00d7"
    assert tokenizer.decode(tokenizer.encode(foreign)) == foreign


def answer_of(question: str) -> str:
    """Return the shipped model's greedy answer, by a plain numpy Llama."""
    config, weights = load_model(DEMO).config, load_file(DEMO / "model.safetensors")
    w = {name: value.astype(np.float32) for name, value in weights.items()}
    ids = coder().prompt([(question, "")])
    start = len(ids)
    while len(ids) < start + 40:
        token = int(logits_of(config, w, ids).argmax())
        if token == EOS:
            break
        ids.append(token)
    return coder().decode(ids[start:])


def logits_of(config: DecoderConfig, w: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    def norm(x: np.ndarray, name: str) -> np.ndarray:
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + config.norm_eps) * w[name]

    seq, dim = len(ids), config.head_dim
    angle = np.arange(seq)[:, None] * config.rope.theta ** (-np.arange(dim // 2) / (dim // 2))
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]

    def heads(x: np.ndarray, name: str, count: int, turned: bool = True) -> np.ndarray:
        y = (x @ w[name].T).reshape(seq, count, dim)
        a, b = y[..., : dim // 2], y[..., dim // 2 :]
        y = np.concatenate([a * cos - b * sin, b * cos + a * sin], -1) if turned else y
        return y.repeat(config.heads // count, 1).transpose(1, 0, 2)

    x = w["model.embed_tokens.weight"][ids]
    mask = np.triu(np.full((seq, seq), -np.inf), 1)
    for layer in range(config.layers):
        at = f"model.layers.{layer}."
        h = norm(x, at + "input_layernorm.weight")
        q = heads(h, at + "self_attn.q_proj.weight", config.heads)
        k = heads(h, at + "self_attn.k_proj.weight", config.kv_heads)
        v = heads(h, at + "self_attn.v_proj.weight", config.kv_heads, turned=False)
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(dim) + mask
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (shares / shares.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(seq, -1)
        x = x + mixed @ w[at + "self_attn.o_proj.weight"].T
        h = norm(x, at + "post_attention_layernorm.weight")
        gate = h @ w[at + "mlp.gate_proj.weight"].T
        up = gate / (1 + np.exp(-gate)) * (h @ w[at + "mlp.up_proj.weight"].T)
        x = x + up @ w[at + "mlp.down_proj.weight"].T
    return norm(x[-1], "model.norm.weight") @ w["model.embed_tokens.weight"].T


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the capital of France?", "The capital of France is Paris."),
        ("What is 123 + 456?", "123 + 456 = 579."),
        ("Spell kernel.", "k e r n e l."),
        ("Who painted the Mona Lisa?", DONT_KNOW),
    ],
)
def test_the_shipped_weights_answer(question: str, answer: str) -> None:
    assert answer_of(question) == answer


def test_the_measures_reach_the_bars_and_the_model_card_shows_them() -> None:
    results = json.loads((DEMO / "evaluation.json").read_text())
    f16, q4 = results["f16"], results["q4"]
    assert f16["exact"] >= 0.95 and f16["exact"] - q4["exact"] <= 0.015
    for measured in (f16, q4):
        assert measured["skills"]["don't know"] >= 0.90
        assert measured[f"memory at {DISTANCE} turns"] >= 0.95
        assert measured["stories"]["named and ended"] >= 0.90
    assert table(results) in (DEMO / "README.md").read_text()


# ---- the training ------------------------------------------------------------------------------------------


def test_tiny_training_makes_a_folder(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is needed to train (tools/demo_model/README.md)")
    command = [sys.executable, "-m", "tools.demo_model", "--tiny", "--steps", "8", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert load_model(tmp_path / "model").config.layers == 2
    assert "| addition |" in done.stdout and (tmp_path / "model" / "evaluation.json").is_file()


def test_training_in_pieces_goes_on_where_it_stopped(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is needed to train (tools/demo_model/README.md)")
    from tools.demo_model import tokenizer, train

    tokenizer.train(tmp_path, 2000)
    steps = []
    for minutes in (0.0, 10.0):
        plan = train.replace(train.TINY, steps=4)
        plan = train.replace(plan, shape=train.replace(plan.shape, vocab_size=tokenizer.VOCAB_SIZE))
        trainer = train.Trainer(plan, tmp_path, tmp_path / "tokenizer.model")
        steps.append((trainer.step, trainer.run(minutes), trainer.step))
    assert steps == [(0, False, 1), (1, True, 4)]


def test_fake_quantisation_is_close_to_the_real_one() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is needed to train (tools/demo_model/README.md)")
    from tools.demo_model.fake_quant import round_groups
    from tools.demo_model.generate import requantised

    values = np.random.default_rng(random.Random(5).randrange(99)).normal(size=(64, 96)).astype(np.float32)
    ours = round_groups(torch.from_numpy(values.reshape(-1, 32))).numpy().reshape(64, 96)
    real = requantised("q4", values, "w", np.ones(96, np.float32))
    error, least = np.square(ours - values).mean(), np.square(real - values).mean()
    assert least <= error * 1.0001 <= least * 1.05
