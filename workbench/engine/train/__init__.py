"""One file per training method, each with the same sections in the same order: rows, examples, model, training."""
