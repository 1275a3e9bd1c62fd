"""Speculative decoding: a smaller model guesses tokens, and one step checks several of them."""
