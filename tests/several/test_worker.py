"""A worker that answers several calls at once, as it would one by one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from kernelc.artifact import Artifact
from kernelc.errors import ContextError
from kernelc.serve.job import Failed, Finished, Job
from kernelc.serve.metrics import Metrics
from kernelc.serve.scheduler import Served, Worker
from kernelc.session import Session
from kernelc.shared_session import SharedSession
from runtime.chat.completion import Completed
from runtime.chat.request import CompletionRequest
from runtime.engine.sampling import SamplingParams
from tests.several.asked import GREEDY


def test_a_worker_answers_calls_at_once_as_it_would_one_by_one(artifact: Artifact, device: str) -> None:
    requests = [
        CompletionRequest(prompt="Once upon a time", max_new=20, sampling=GREEDY),
        CompletionRequest(prompt="The dog", max_new=25, sampling=SamplingParams(temperature=1.0, seed=7)),
        CompletionRequest(prompt="One day", max_new=15, sampling=GREEDY, top_logprobs=2),
        CompletionRequest(prompt="A girl", max_new=15, sampling=GREEDY, logit_bias={5: 3.0}),
        CompletionRequest(messages=[{"role": "user", "content": "hello"}], max_new=20, sampling=GREEDY),
        CompletionRequest(prompt="Tom " * 200, max_new=5, sampling=GREEDY),
        CompletionRequest(prompt="Once upon a time", max_new=30, sampling=GREEDY, stop=[" was"]),
        CompletionRequest(prompt="Tom " * 2000, max_new=5),  # more than the context holds
    ]
    with Session.open(artifact, device=device) as session:
        alone = [session.completer().complete(each) for each in requests[:-1]]
    with contextlib.closing(SharedSession.open(artifact, device=device)) as session:
        engine = session.engine
        model = Served("demo", session.completer(), 0, 0, 0, session.tokenizer, str, shared=engine)
        metrics = Metrics()
        worker = Worker(lambda: contextlib.nullcontext(model), most_waiting=99, metrics=metrics)
        jobs = asyncio.run(answered(worker, requests))
        worker.close()
    assert [(each.text, each.ids, each.logprobs) for each in jobs[:-1] if isinstance(each, Completed)] == [
        (each.text, each.ids, each.logprobs) for each in alone
    ]
    assert isinstance(jobs[-1], ContextError)


async def answered(worker: Worker, requests: Sequence[CompletionRequest]) -> list[Completed | Exception]:
    """What becomes of calls that are made at once."""

    async def ended(job: Job) -> Completed | Exception:
        while True:
            for event in await job.next_events():
                if isinstance(event, Finished):
                    return event.completed
                if isinstance(event, Failed):
                    return event.error

    jobs = [worker.submit([each]) for each in requests]
    return list(await asyncio.gather(*map(ended, jobs)))
