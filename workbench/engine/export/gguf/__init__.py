"""Writing and reading GGUF, the one-file model format of llama.cpp."""
