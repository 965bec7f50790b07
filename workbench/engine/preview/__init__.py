"""How a base reads rows: every token with what becomes of it, lengths in tokens, and what is wrong with either.

`python -m workbench.engine.preview` is an errand (`workbench.runs.errand`): one JSON request on stdin, one JSON line on
stdout. It loads no weights and no torch, and does its work in a limited child process, since tokenizer and chat
template are a stranger's: a template that never ends becomes a sentence.

Request; every key but the first two may be left out:

    base_dir      folder of the model
    rows          canonical rows to show token by token; with paths, the first ones there are shown instead
    method        what is learnt: sft, cpt, …; guessed from the rows when empty
    tuning        full, lora or qlora: which advice is given
    trained_tokens  the recipe's trainable_token_indices: tokens that are trained already
    first, shown  with paths, the number of usable rows before the first to show, and how many to show at most: 0 and 3
    measured      false to measure nothing: max_length is given
    max_length    tokens an example may have; 0 takes the proposal
    lengths_of    canonical rows to measure; or
    paths, format, columns   files and folders to sample rows from, as `workbench.data.sources.find` takes them;
                  without either the rows shown are measured

Answer:

    method, max_length, context (0: the base tells none)
    rows      for each row {"tokens": [{"id", "text", "mark"}], "length", "trained", "trained_share", "cut",
              "end_added", "control_tokens", "checks": [sentence], "error": why it gives no example, or "",
              "about": what each check is about: start, stop, whole or text,
              "rejected": the same of the other answer, for a row with two; the chosen one is told first,
              "turns": [{"who", "first": number of its first token}], "special": ids of special tokens in it};
              marks: trained, masked (read, not learnt), template (written by the chat template), control (a control
              token, read), truncated (beyond max_length, lost). The texts of the tokens together are the whole text.
    lengths   {"unit": "tokens", "sampled", "min", "mean", "p5" … "p99", "max", "histogram": {"width", "rows"},
              "covered": [{"max_length", "share"}], "max_length": proposal, "why": sentence, "too_long": rows whose
              prompt alone fills max_length, "refused": [{"reason", "count"}]}; {"unit", "sampled": 0} without rows
    template  {"checked", "why": sentence when it cannot tell, "tokens": [{"id", "text", "learnt", "similarity"}],
              "unlearnt": [token text]}
    problems  [{"text": sentence, "fix": {recipe field: value}}]
"""
