"""Conversations: prompts from turns, transcripts, and the chat in a terminal."""
