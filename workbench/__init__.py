"""The workbench: local fine-tuning on one GPU, from a base model to a GGUF you can chat with."""

__version__ = "0.1.0"
