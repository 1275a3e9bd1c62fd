"""`kernelc serve`: models behind OpenAI's HTTP API, on starlette and uvicorn (the extra `serve`).

It knows completers, which answer requests on one sequence or on several at once, and no model:
`kernelc.commands.serve` opens those and hands them in.
"""
