"""The conversations and their words: pure, importing nothing else of this project."""
