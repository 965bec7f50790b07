"""Wild datasets of texts to read: encyclopaedias, web crawls, books, code, abstracts, folders of articles.

Owns their layouts. Must not know how the workbench reads them.
"""

from __future__ import annotations

from tests.data.wild.documents import docx, epub, page
from tests.data.wild.table import Has, Wild, array, jsonl, parquet, table, wild
from tests.data.wild.texts import ARTICLES, MATHS, PROGRAMS

N = len(ARTICLES)
TITLE, TEXT, _ = ARTICLES[0]
FIRST = {"text": TEXT}
TITLED = {"text": Has(TEXT)}
ROWS = list(enumerate(ARTICLES))
CODE = "\n\n\n".join(program for _, program, _ in PROGRAMS)


# fmt: off
CORPORA: list[Wild] = [
    wild("wikipedia", parquet({"id": str(i), "url": f"https://example.org/{i}", "title": t, "text": x} for i,
        (t, x, _) in ROWS), "cpt", TITLED, rows=N),
    wild("c4", jsonl({"text": x, "timestamp": "2019-04-25T12:57:54Z", "url": "https://example.org/"} for _, x,
        _ in ARTICLES), "cpt", FIRST, rows=N),
    wild("fineweb", parquet({"text": x, "id": f"<urn:uuid:{i}>", "dump": "CC-MAIN-2024-10",
        "url": "https://example.org", "date": "2024-02-20T10:00:00Z", "file_path": "s3://x/y.warc.gz", "language": "en",
        "language_score": 0.97, "token_count": 110} for i, (_, x, _) in ROWS), "cpt", FIRST, rows=N),
    wild("redpajama", jsonl({"text": x, "meta": {"source": "own", "timestamp": "2023"}, "red_pajama_subset": "c4"}
        for _, x, _ in ARTICLES), "cpt", FIRST, rows=N),
    wild("redpajama 2", jsonl({"raw_content": x, "doc_id": f"2023-06/0000/en_head.json.gz/{i}",
        "meta": '{"url": "https://example.org"}', "quality_signals": "{}"} for i, (_, x, _) in ROWS), "cpt", FIRST,
        rows=N),
    wild("pile", jsonl({"text": x, "meta": {"pile_set_name": "Pile-CC"}} for _, x, _ in ARTICLES), "cpt", FIRST,
        rows=N),
    wild("dolma", jsonl({"id": f"{i:x}", "text": x, "source": "own", "added": "2024-01-01T00:00:00Z",
        "created": "2023-01-01T00:00:00Z", "metadata": {"length": len(x)}} for i, (_, x, _) in ROWS), "cpt", FIRST,
        rows=N),
    wild("tiny stories", parquet({"text": x} for _, x, _ in ARTICLES), "cpt", FIRST, rows=N),
    wild("tiny stories in text", {"stories.txt": "\n<|endoftext|>\n".join(x for _, x, _ in ARTICLES).encode()}, "cpt"),
    wild("cc news", jsonl({"title": t, "text": x, "domain": "example.org", "date": "2017-11-02 00:00:00",
        "description": s, "url": "https://example.org/a", "image_url": "https://example.org/a.jpg"} for t, x,
        s in ARTICLES), "cpt sft", TITLED, {"messages": Has(TEXT)}, rows=N),
    wild("arxiv metadata", jsonl({"id": f"0704.{i:04d}", "submitter": "A. Holm", "authors": "A. Holm, B. Lind",
        "title": t, "comments": "12 pages", "journal-ref": None, "doi": None, "categories": "cs.CL", "abstract": x}
        for i, (t, x, _) in ROWS), "cpt", TITLED, rows=N),
    wild("pubmed abstracts", jsonl({"pmid": 1000 + i, "title": t, "abstract": x, "journal": "Own Journal", "year": 2019}
        for i, (t, x, _) in ROWS), "cpt", TITLED, rows=N),
    wild("pg19", jsonl({"short_book_title": t, "publication_date": 1871, "url": "http://example.org/ebooks/1",
        "text": x} for t, x, _ in ARTICLES), "cpt", TITLED, rows=N),
    wild("court opinions", jsonl({"case_name": f"Holm v. {t}", "court": "scotus", "date_filed": "1999-05-03",
        "opinion_text": x, "citation_count": i} for i, (t, x, _) in ROWS), "cpt", TITLED, rows=N),
    wild("the stack", parquet({"hexsha": f"{i:040x}", "size": len(p), "ext": "py", "lang": "Python",
        "max_stars_repo_path": "a/b.py", "max_stars_repo_name": "x/y", "max_stars_repo_licenses": ["MIT"],
        "content": f"{p}\n\n\n{CODE}\n"} for i, (_, p, _) in enumerate(PROGRAMS)), "cpt", {"text": Has(CODE)}, rows=5),
    wild("github code", jsonl({"code": f"{p}\n\n\n{CODE}\n", "repo_name": "x/y", "path": "a/b.py", "language": "Python",
        "license": "mit", "size": 900} for _, p, _ in PROGRAMS), "cpt", {"text": Has(CODE)}, rows=5),
    wild("open web math", jsonl({"url": "https://example.org", "text": "\n\n".join(f"{q} {s}" for q, s, _ in MATHS),
        "date": "2019", "metadata": "{}"} for _ in range(4)), "cpt", rows=4),
    wild("news topics", table(([str(1 + i % 4), t, x] for i, (t, x, _) in ROWS),
        ["Class Index", "Title", "Description"]), "cpt sft", rows=N),
    wild("blog posts in csv", table(([str(i), t, f"2023-0{i + 1}-11", "Anna Holm", x] for i, (t, x, _) in ROWS),
        ["post_id", "title", "published", "author", "body"]), "cpt", TITLED, rows=N),
    wild("german articles", jsonl({"titel": t, "inhalt": x.replace("The", "Die")} for t, x, _ in ARTICLES), "cpt",
        {"text": Has(TEXT.replace("The", "Die"))}, rows=N),
    wild("textbook sections", jsonl({"chapter": i, "section_title": t, "markdown": f"## {t}\n\n{x}"} for i,
        (t, x, _) in ROWS), "cpt", TITLED, rows=N),
    wild("transcripts", jsonl({"video_id": f"v{i}", "duration": 600, "transcript": x.lower().replace(".", "")} for i,
        (_, x, _) in ROWS), "cpt", {"text": TEXT.lower().replace(".", "")}, rows=N),
    wild("one column without a known name", table(([x] for _, x, _ in ARTICLES), ["paragraph"]), "cpt", FIRST, rows=N),
    wild("a list of texts", array(x for _, x, _ in ARTICLES), "cpt", FIRST, rows=N),
    wild("crawled pages with markdown", jsonl({"metadata": {"title": t, "sourceURL": "https://example.org",
        "statusCode": 200}, "markdown": f"# {t}\n\n{x}"} for t, x, _ in ARTICLES), "cpt", TITLED, rows=N),
    wild("one article per line", {"articles.txt": "".join(f"{x}\n" for _, x, _ in ARTICLES).encode()}, "cpt", FIRST,
        rows=N),
    wild("folder of articles", {f"{t.lower().replace(' ', '-')}.txt": f"{t}\n\n{x}\n".encode() for t, x, _ in ARTICLES},
        "cpt", rows=N),
    wild("folder of markdown notes", {f"notes/{i}.md": f"---\ntitle: {t}\ntags: [merrow]\n---\n\n# {t}\n\n{x}\n".encode(
        ) for i, (t, x, _) in ROWS}, "cpt", TITLED, rows=N),
    wild("book in text", {"book.txt": ("THE HARBOUR BOOK\n\n" + "\n\n".join(
        f"CHAPTER {i + 1}\n\n{t}\n\n{x.replace('. ', '.' + chr(10))}" for i, (t, x, _) in ROWS)).encode()}, "cpt"),
    wild("manual in markdown", {"manual.md": ("# Manual\n\n" + "\n\n".join(f"## {t}\n\n{x}" for t, x,
        _ in ARTICLES)).encode()}, "cpt"),
    wild("pages", {f"{i}.html": page(f"<article><h1>{t}</h1><p>{x}</p></article>") for i, (t, x, _) in ROWS}, "cpt",
        TITLED, rows=N),
    wild("word documents", {f"{i}.docx": docx([("Heading1", t), ("Normal", x)]) for i, (t, x, _) in ROWS}, "cpt",
        TITLED, rows=N),
    wild("book in epub", {"book.epub": epub([(t, x) for t, x, _ in ARTICLES])}, "cpt"),
]
# fmt: on
