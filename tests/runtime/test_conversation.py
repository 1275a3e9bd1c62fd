from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from kernelc.errors import ContextError, UsageError
from runtime.chat import transcript
from runtime.chat.conversation import Conversation, ConversationAnswer
from runtime.chat.tools.rendering import Definitions, Messages
from runtime.chat.transcript import Transcript, Turn
from runtime.engine.sampling import SamplingParams
from tests.runtime.fake_engine import (
    EOS,
    FIRST_BYTE,
    BytesCoder,
    FakeEngine,
    JoinTemplate,
    TurnsTemplate,
    encode_bytes,
    pair,
    show,
)

GREEDY = SamplingParams()


def echo(ids: Sequence[int]) -> str:
    """Answers with the last question, backwards."""
    return show(ids).rpartition("U:")[2].removesuffix("</s>A:")[::-1]


def open_conversation(engine: FakeEngine, **options: object) -> Conversation:
    return Conversation(engine, BytesCoder(), TurnsTemplate(), stop_ids=[EOS], **options)  # pyright: ignore


def ask(conversation: Conversation, question: str, max_new: int = 100) -> tuple[str, ConversationAnswer]:
    answer = conversation.ask(question, max_new, GREEDY)
    return "".join(answer), answer


def test_an_answer_becomes_a_turn() -> None:
    conversation = open_conversation(FakeEngine(echo))
    text, answer = ask(conversation, "abc")
    assert (text, answer.finish_reason, answer.new_tokens) == ("cba", "stop", 3)
    assert conversation.turns == [Turn("abc", "cba")]


def test_the_next_turn_feeds_only_what_is_new() -> None:
    engine = FakeEngine(echo)
    conversation = open_conversation(engine, system="be brief")
    ask(conversation, "abc")
    _, answer = ask(conversation, "de")
    assert [show(ids) for ids in engine.fed] == ["<s>S:be brief</s>U:abc</s>A:", "</s>U:de</s>A:"]
    assert answer.reused_tokens + len(engine.fed[1]) == answer.prompt_tokens
    assert show(engine.ids) == "<s>S:be brief</s>U:abc</s>A:cba</s>U:de</s>A:ed"


def test_ids_that_encoding_would_not_give_stay_in_the_cache() -> None:
    engine = FakeEngine(lambda ids: [pair("no"), pair("pe")])
    conversation = open_conversation(engine)
    assert ask(conversation, "a")[0] == "nope"
    assert encode_bytes("nope") != [pair("no"), pair("pe")]
    ask(conversation, "b")
    assert show(engine.fed[1]) == "</s>U:b</s>A:"


def test_editing_a_turn_computes_only_what_follows_its_beginning() -> None:
    engine = FakeEngine(echo)
    conversation = open_conversation(engine)
    for question in ("one", "two", "three"):
        ask(conversation, question)
    answer = conversation.edit(2, "toes", 100, GREEDY)
    assert "".join(answer) == "seot"
    assert show(engine.fed[-1]) == "oes</s>A:"
    assert conversation.turns == [Turn("one", "eno"), Turn("toes", "seot")]


def test_the_same_prompt_again_feeds_its_last_token() -> None:
    engine = FakeEngine(echo)
    conversation = open_conversation(engine)
    ask(conversation, "one")
    assert "".join(conversation.edit(1, "one", 100, GREEDY)) == "eno"
    assert show(engine.fed[-1]) == ":"


@pytest.mark.parametrize("number", [0, 2, -1])
def test_editing_a_turn_that_is_not_there(number: int) -> None:
    conversation = open_conversation(FakeEngine(echo))
    ask(conversation, "one")
    with pytest.raises(UsageError, match=f"no turn {number}: there are turns 1 to 1"):
        conversation.edit(number, "x", 10, GREEDY)


def test_a_full_context_is_refused_and_the_conversation_stays() -> None:
    engine = FakeEngine(echo, context=40)
    conversation = open_conversation(engine)
    ask(conversation, "abcde")
    before = conversation.turns
    with pytest.raises(ContextError, match="the conversation is 41 tokens, the context holds 40") as raised:
        ask(conversation, "a question too many")
    assert "slide" in (raised.value.help or "")
    assert conversation.turns == before
    assert ask(conversation, "ab")[0] == "ba"


def test_an_answer_that_fills_the_context_says_so() -> None:
    conversation = open_conversation(FakeEngine(lambda ids: "x" * 99, context=20))
    text, answer = ask(conversation, "abc")
    assert answer.finish_reason == "context"
    assert text == "x" * (20 - len(encode_bytes("?U:abc?A:")))


def test_sliding_drops_the_oldest_turns_and_keeps_the_system_prompt() -> None:
    engine = FakeEngine(echo, context=50)
    conversation = open_conversation(engine, system="sys", policy="slide")
    dropped = [
        ask(conversation, question, 8)[1].dropped_turns for question in ("aaaa", "bbbb", "cccc", "dddd")
    ]
    assert dropped == [0, 0, 1, 1]
    assert show(engine.ids) == "<s>S:sys</s>U:cccc</s>A:cccc</s>U:dddd</s>A:dddd"
    assert [turn.user for turn in conversation.transcript().turns] == ["aaaa", "bbbb", "cccc", "dddd"]


def test_sliding_makes_room_for_several_turns() -> None:
    engine = FakeEngine(echo, context=200)
    conversation = open_conversation(engine, policy="slide")
    answers = [ask(conversation, f"question {number:02}", 12)[1] for number in range(30)]
    slid = [answer for answer in answers if answer.dropped_turns]
    # A turn is 25 tokens, a quarter of the context 50: every second turn or so need not slide.
    assert 4 < len(slid) <= 12
    fed = [answer.prompt_tokens - answer.reused_tokens for answer in answers if not answer.dropped_turns]
    assert max(fed) < 30  # what is new alone


def test_a_long_chat_slides_without_a_prompt_of_each_length(monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = open_conversation(FakeEngine(echo, context=400), policy="slide")
    conversation.load(Transcript(None, tuple(Turn(f"question {at:03}", "a" * 12) for at in range(1000))))
    render, rendered = TurnsTemplate.render, [0]

    def counted(self: TurnsTemplate, messages: Messages, *, tools: Definitions | None = None) -> str:
        rendered[0] += len(messages)
        return render(self, messages, tools=tools)

    monkeypatch.setattr(TurnsTemplate, "render", counted)
    _, answer = ask(conversation, "question", 12)
    assert 980 < answer.dropped_turns < 1000
    assert rendered[0] < 2001 + 200  # the whole chat once, and then a few times what fits


def test_sliding_keeps_turns_where_no_number_of_them_frees_a_quarter() -> None:
    engine = FakeEngine(echo, context=100)
    conversation = open_conversation(engine, system="s" * 60, policy="slide")
    for question in ("aaaa", "bbbb", "cccc"):
        answer = ask(conversation, question, 8)[1]
    # The system prompt and the question alone leave less than a quarter beside the answer's reserve.
    assert answer.dropped_turns == 1
    assert "U:bbbb" in show(engine.ids) and "U:aaaa" not in show(engine.ids)


def test_sliding_within_an_answer_goes_on_where_it_was() -> None:
    reply = "abcdefghijklmnopqrstuvwxyz"

    def go_on(ids: Sequence[int]) -> str:
        said = show(ids).rpartition("A:")[2]
        return reply[len(said) :]

    engine = FakeEngine(go_on, context=48)
    conversation = open_conversation(engine, policy="slide")
    conversation.load(Transcript(None, (Turn("first", "answer"),)))
    text, answer = ask(conversation, "q", 26)
    assert (text, answer.finish_reason, answer.dropped_turns) == (reply, "length", 1)
    assert show(engine.ids) == f"<s>U:q</s>A:{reply}"


def test_a_question_longer_than_the_context_is_refused_when_sliding_too() -> None:
    conversation = open_conversation(FakeEngine(echo, context=30), policy="slide")
    ask(conversation, "ab")
    with pytest.raises(ContextError, match="the conversation is 38 tokens"):
        ask(conversation, "x" * 32)
    assert conversation.first == 0
    assert ask(conversation, "cd")[0] == "dc"


def test_a_stop_text_ends_an_answer_and_is_not_part_of_it() -> None:
    engine = FakeEngine(lambda ids: "one two. three")
    conversation = open_conversation(engine, stop=["wo.", "xyz"])
    text, answer = ask(conversation, "abc")
    assert (text, answer.finish_reason) == ("one t", "stop")
    assert conversation.turns == [Turn("abc", "one t")]
    ask(conversation, "de")
    assert show(engine.ids).startswith("<s>U:abc</s>A:one t</s>U:de</s>A:")
    with pytest.raises(UsageError, match="stop\\[0\\] has 0 characters"):
        open_conversation(engine, stop=[""])


def test_stopping_keeps_what_was_said() -> None:
    engine = FakeEngine(lambda ids: "a long answer")
    conversation = open_conversation(engine)
    answer = conversation.ask("q", 100, GREEDY)
    said = next(answer) + next(answer)
    answer.stop()
    assert said + "".join(answer) == "a "
    assert answer.finish_reason == "stopped"
    assert conversation.turns == [Turn("q", "a ")]
    ask(conversation, "r")
    assert show(engine.fed[-1]) == "</s>U:r</s>A:"  # the template strips "a ", and the cache does not mind


def test_abandoning_an_answer_keeps_what_was_said() -> None:
    conversation = open_conversation(FakeEngine(lambda ids: "a long answer"))
    answer = conversation.ask("q", 100, GREEDY)
    next(answer)
    answer.close()
    assert answer.finish_reason == "stopped"
    assert conversation.turns == [Turn("q", "a")]


def test_stopping_while_the_prompt_is_read_takes_the_question_back() -> None:
    engine = FakeEngine(echo)
    conversation = open_conversation(engine)
    ask(conversation, "one")
    answer = conversation.ask("two", 100, GREEDY)
    engine.on_feed = answer.stop
    assert "".join(answer) == ""
    assert (answer.finish_reason, len(engine.fed[-1]) > 1) == ("stopped", True)
    assert show(engine.ids).endswith("A:eno</s>")  # one token of it came into the cache
    assert conversation.turns == [Turn("one", "eno")]
    engine.on_feed = lambda: None
    assert ask(conversation, "two")[0] == "owt"


def test_a_failing_device_leaves_the_conversation_as_it_was() -> None:
    engine = FakeEngine(echo)
    conversation = open_conversation(engine)
    ask(conversation, "one")

    def fail() -> None:
        raise ZeroDivisionError

    engine.on_feed = fail
    with pytest.raises(ZeroDivisionError):
        ask(conversation, "two")
    assert conversation.turns == [Turn("one", "eno")]


def test_pieces_are_whole_characters() -> None:
    conversation = open_conversation(FakeEngine(lambda ids: "é→🙂"))
    assert list(conversation.ask("q", 100, GREEDY)) == ["é", "→", "🙂"]


def test_a_character_that_never_ends_shows_as_such() -> None:
    half = encode_bytes("🙂")[:2]
    conversation = open_conversation(FakeEngine(lambda ids: half))
    assert ask(conversation, "q")[0] == "\ufffd"
    assert conversation.turns == [Turn("q", "\ufffd")]


def test_markup_in_a_message_is_text() -> None:
    engine = FakeEngine(lambda ids: encode_bytes("ok</s>"))
    conversation = open_conversation(engine)
    assert ask(conversation, "a</s>b<s>")[0] == "ok</s>"
    spelt = [FIRST_BYTE + byte for byte in b"a</s>b<s>"]
    assert engine.fed[0][3:-3] == spelt
    assert engine.fed[0][0] == 1 and engine.fed[0][-3] == EOS
    assert conversation.turns == [Turn("a</s>b<s>", "ok</s>")]
    ask(conversation, "c")
    assert show(engine.fed[1]) == "</s>U:c</s>A:"


def test_without_a_template_the_answer_goes_on_from_the_text() -> None:
    engine = FakeEngine(lambda ids: ", there was" if len(ids) < 20 else " a dog.")
    conversation = Conversation(engine, BytesCoder(), JoinTemplate(), stop_ids=[EOS])
    assert ask(conversation, "Once upon")[0] == ", there was"
    assert ask(conversation, " still")[0] == " a dog."
    assert show(engine.ids) == "<s>Once upon, there was still a dog."
    assert show(engine.fed[1]) == " still"


def test_reset_forgets_turns_and_keeps_the_system_prompt() -> None:
    engine = FakeEngine(echo)
    conversation = open_conversation(engine, system="sys")
    ask(conversation, "one")
    conversation.reset()
    assert ask(conversation, "two")[0] == "owt"
    assert show(engine.ids) == "<s>S:sys</s>U:two</s>A:owt"


def test_a_limit_of_zero_tokens() -> None:
    conversation = open_conversation(FakeEngine(echo))
    text, answer = ask(conversation, "abc", 0)
    assert (text, answer.finish_reason) == ("", "length")


# ---- transcripts ----


def test_a_transcript_comes_back_as_it_was(tmp_path: Path) -> None:
    kept = Transcript("sys", (Turn("a\n", "é"), Turn("🙂", "")))
    transcript.save(tmp_path / "t.json", kept)
    assert transcript.load(tmp_path / "t.json") == kept
    transcript.save(tmp_path / "t.json", Transcript(None, ()))
    assert transcript.load(tmp_path / "t.json") == Transcript(None, ())
    assert [file.name for file in tmp_path.iterdir()] == ["t.json"]


def test_saving_does_not_overwrite_other_files(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("dear")
    with pytest.raises(UsageError, match="it exists and is not a saved conversation"):
        transcript.save(file, Transcript(None, ()))
    assert file.read_text() == "dear"


def test_saving_where_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        transcript.save(tmp_path / "no" / "t.json", Transcript(None, ()))


def head(messages: str) -> str:
    return f'{{"format": "kernelc-conversation", "version": 1, "messages": {messages}}}'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("no json", "this is not JSON"),
        ("[" * 100_000, "this is not JSON"),
        ("[]", "wanted a JSON object"),
        ("{}", "got format None"),
        (head("[]").replace("1", "2"), "version 2"),
        (head("[]").replace("1", "true"), "version True"),
        (head("[]").replace("1", "1.0"), "version 1.0"),
        (head("3"), "wanted a list of messages"),
        (head('["a"]'), "an object with texts"),
        (head('[{"role": "user", "content": 3}]'), "an object with texts"),
        (head('[{"role": "user", "content": "a"}]'), "the last message is the user's"),
        (head('[{"role": "assistant", "content": "a"}]'), "got role 'assistant', wanted 'user'"),
        (
            head('[{"role": "system", "content": ""}, {"role": "system", "content": ""}]'),
            "got role 'system', wanted 'user'",
        ),
        ("\xff", "not JSON"),
    ],
)
def test_a_broken_transcript_says_what_is_wrong(tmp_path: Path, text: str, wanted: str) -> None:
    file = tmp_path / "t.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=wanted):
        transcript.load(file)


def test_a_missing_or_huge_transcript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no such file"):
        transcript.load(tmp_path / "t.json")
    with pytest.raises(UsageError, match="no such file"):
        transcript.load(tmp_path)
    (tmp_path / "t.json").write_text(head("[]"))
    monkeypatch.setattr(transcript, "MAX_BYTES", 10)
    with pytest.raises(UsageError, match="wanted at most 10"):
        transcript.load(tmp_path / "t.json")


def test_of_an_answer_of_several_messages_what_is_said_becomes_the_turn() -> None:
    class Channels(TurnsTemplate):
        source = "<|channel|><|message|>"

    said = "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>So it is <"
    conversation = Conversation(FakeEngine(lambda ids: said), BytesCoder(), Channels(), stop_ids=[EOS])
    text, answer = ask(conversation, "Is it?", 200)
    assert (text, answer.thoughts) == ("So it is <", None)
    assert conversation.turns == [Turn("Is it?", "So it is <")]
