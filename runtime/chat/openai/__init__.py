"""OpenAI's requests, checked, and OpenAI's answers: JSON in and JSON out, without HTTP.

Source: "Chat" and "Completions" of OpenAI's API reference.
"""
