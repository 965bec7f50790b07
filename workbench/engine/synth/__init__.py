"""Text that a local model writes for training: questions and answers about articles, and general text for replay."""
