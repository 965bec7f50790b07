"""GGUF files by the converter that comes with llama.cpp, for architectures without a writer of our own."""
