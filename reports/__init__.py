"""Views of what is stored, on paper and as pictures and sheets."""
