"""From a run to GGUF files: merge and conversion in one stream, the proof, quantisation."""
