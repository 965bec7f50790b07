"""Learning from answers that are compared: their losses, rows of two answers as batches, the trainer, the reference."""
