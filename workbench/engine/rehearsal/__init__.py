"""Rewards tried before a run: what they give to right answers, to trivial ones and to what a model writes at present.

`python -m workbench.engine.rehearsal` is an errand (`workbench.runs.errand`): one JSON request on stdin, JSON lines
{"stage", "done", "total"} and at last the answer on stdout. Without a base it loads no model and no torch.

Request; every key but the first may be left out:

    paths, format, columns   files and folders to sample rows from, as `workbench.data.sources.find` takes them
    rewards       as a recipe lists them; those that suit the rows when empty
    base          whose answers are sampled: bundled, a folder or a run; none are without one
    chat_template one of the workbench's, for a base that has none
    tuning        with qlora the base is held in 4 bits
    prompts, answers         how many prompts are answered, and how often each
    longest, max_length      tokens an answer may have, and prompt and answer together
    thinking_budget          tokens of a thought, with which answers begin then; 0 for none. Right and trivial answers
                             get one, too: the question said again, and one without a word
    temperature, top_p, seed how answers are drawn

Answer:

    rewards       the rewards, as a recipe writes them; chosen: why they suit the rows, "" for those that were asked for
    rows          usable rows looked at; references: answers of theirs that were scored; unread: {reason: rows}
    checks        for each reward {"reward", "name", "label", "weight", "low", "high", "needs", "samples", "references",
                  "spread", "varied", "seconds", "not_judged", "judged", "reasons": [[sentence, answers]]}: means of the
                  score, None where nothing was judged; the mean deviation within groups; the share of groups with any;
                  seconds for 100 answers
    total         the same of the weighted sum, without seconds and reasons
    trivial       for each trivial answer {"name", "text", "total", "parts": {reward: mean}}
    groups        for each prompt answered {"prompt", "reference", "answers": [{"text", "total", "parts", "tokens",
                  "finished", "reasons": {reward: sentence}}]}
    lowest        the references with the lowest totals: {"prompt", "text", "total", "parts", "reasons"}
    finished, length         share of the samples that ended by themselves, and their mean length in tokens
    base, answers, longest   as they were asked for
"""
