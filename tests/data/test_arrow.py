"""Parquet and Arrow: every kind of column as JSON, bounded memory, and files that are damaged or hostile."""

from __future__ import annotations

import datetime
import decimal
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import run_program
from workbench.data import readers
from workbench.data.readers import BadRecord, Member, Record, Unreadable, records, rows_of_arrow, whole


def as_stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def as_file(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=7)
    return sink.getvalue()


def as_feather(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    feather.write_feather(table, sink, compression="zstd")
    return sink.getvalue()


def as_parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **{"row_group_size": 10, **options})
    return sink.getvalue()


def packed(content: bytes, kind: str) -> Member:
    """Return a member that has no file of its own."""
    return Member(f"x.{kind}", Path("x"), kind, len(content), None, lambda: io.BytesIO(content))


WRITERS: dict[str, tuple[Callable[[pa.Table], bytes], str]] = {
    "parquet": (as_parquet, "parquet"),
    "file": (as_file, "arrow"),
    "stream": (as_stream, "arrow"),
    "feather": (as_feather, "arrow"),
}


def values(content: bytes, kind: str) -> list[Any]:
    found = list(readers.read(packed(content, kind)))
    assert [record.line for record in found] == list(range(1, len(found) + 1))
    return [record.value for record in found if isinstance(record, Record)]


COLUMNS: list[tuple[pa.Array, list[Any]]] = [
    (pa.array(["007", None, "é\n\x00"]), ["007", None, "é\n\x00"]),
    (pa.array([2**62, None, -1]), [2**62, None, -1]),
    (pa.array([2**64 - 1, 0], pa.uint64()), [2**64 - 1, 0]),
    (pa.array([1.5, float("nan"), float("-inf"), float("inf"), None]), [1.5, None, "-Infinity", "Infinity", None]),
    (pa.array([0.5, None], pa.float16()), [0.5, None]),
    (pa.array([True, None, False]), [True, None, False]),
    (pa.array([None, None], pa.null()), [None, None]),
    (pa.array([decimal.Decimal("100.50"), None, decimal.Decimal("-0.01")]), ["100.50", None, "-0.01"]),
    (pa.array([datetime.date(2024, 1, 8), None]), ["2024-01-08", None]),
    (pa.array([1704715200123456789, None], pa.timestamp("ns")), ["2024-01-08 12:00:00.123456789", None]),
    (pa.array([0], pa.timestamp("ms", "Europe/Berlin")), ["1970-01-01 00:00:00.000Z"]),
    (pa.array([datetime.time(1, 2, 3)]), ["01:02:03.000000"]),
    (pa.array([5, None], pa.duration("ms")), ["5 ms", None]),
    (pa.array([b"text", b"\xff\x00\x01", None, b"a\x00b"]), ["text", None, None, None]),
    (pa.array([b"\x89PNG\r\n\x1a\n..", b"RIFF....WAVEfmt "]), [{"bytes": None, "path": None}] * 2),
    (
        pa.array([{"bytes": b"\x89PNG", "path": "a.png"}, None, {"bytes": None, "path": "b.png"}]),
        [{"bytes": None, "path": "a.png"}, None, {"bytes": None, "path": "b.png"}],
    ),
    (pa.array(["x", "y", None, "x"]).dictionary_encode(), ["x", "y", None, "x"]),
    (pa.array([[[1], [2, None]], None, [None, []]]), [[[1], [2, None]], None, [None, []]]),
    (pa.array([[1.0, 2.0], None], pa.list_(pa.float32(), 2)), [[1.0, 2.0], None]),
    (pa.array([["a"], None, []], pa.large_list(pa.large_string())), [["a"], None, []]),
    (
        pa.array([[("a", 1), ("b", None)], None, []], pa.map_(pa.string(), pa.int64())),
        [{"a": 1, "b": None}, None, {}],
    ),
    (pa.array([[(1, "x")], None], pa.map_(pa.int64(), pa.string())), [[{"key": 1, "value": "x"}], None]),
    (
        pa.array([{"a": {"b": [datetime.date(2024, 1, 8)]}, "c": None}, None]),
        [{"a": {"b": ["2024-01-08"]}, "c": None}, None],
    ),
    (
        pa.array([[{"role": "user", "content": "hi"}, {"role": "assistant", "content": None}], [], None]),
        [[{"role": "user", "content": "hi"}, {"role": "assistant", "content": None}], [], None],
    ),
]  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("number", range(len(COLUMNS)))
def test_each_kind_of_column_comes_as_json(number: int, writer: str) -> None:
    array, expected = COLUMNS[number]
    write, kind = WRITERS[writer]
    found = values(write(pa.table({"x": array})), kind)
    assert found == [{"x": value} for value in expected]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_kinds_of_arrow_that_parquet_lacks() -> None:
    table = pa.table(
        {
            "view": pa.array(["a", None, "c"], pa.string_view()),
            "runs": pa.compute.run_end_encode(pa.array([1, 1, 2])),
            "lists": pa.array([[1], None, [2, 3]], pa.list_view(pa.int64())),
            "interval": pa.array([None, None, (1, 2, 3)], pa.month_day_nano_interval()),
        }
    )
    rows = values(as_stream(table), "arrow")
    assert [row["view"] for row in rows] == ["a", None, "c"]
    assert [row["runs"] for row in rows] == [1, 1, 2]
    assert [row["lists"] for row in rows] == [[1], None, [2, 3]]
    assert rows[0]["interval"] is None
    assert isinstance(rows[2]["interval"], str)


@pytest.mark.parametrize("writer", WRITERS)
def test_rows_come_in_order_across_batches_and_slices(writer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_of_arrow, "BATCH_BYTES", 300)
    rows = [
        {"n": n, "s": "x" * (n % 40) or None, "m": [{"a": [str(n)] * (n % 3), "b": None}] * (n % 4), "k": {"v": n}}
        for n in range(1, 60)
    ]
    write, kind = WRITERS[writer]
    assert values(write(pa.Table.from_pylist(rows)), kind) == rows


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "t": st.none() | st.text(max_size=9),
                "i": st.none() | st.integers(-(2**63), 2**63 - 1),
                "m": st.none()
                | st.lists(
                    st.none() | st.fixed_dictionaries({"role": st.text(max_size=3), "content": st.none() | st.text()}),
                    max_size=3,
                ),
            }
        ),
        max_size=30,
    ),
    st.sampled_from(sorted(WRITERS)),
)
def test_what_is_written_is_what_is_read(rows: list[dict[str, Any]], writer: str) -> None:
    turn = pa.struct([("role", pa.string()), ("content", pa.string())])
    schema = pa.schema([("t", pa.string()), ("i", pa.int64()), ("m", pa.list_(turn))])
    write, kind = WRITERS[writer]
    assert values(write(pa.Table.from_pylist(rows, schema)), kind) == rows


def test_the_row_numbers_of_a_frame_are_no_column() -> None:
    table = pa.table({"a": [1], "__index_level_0__": [7]})
    for write, kind in WRITERS.values():
        assert values(write(table), kind) == [{"a": 1}]


def test_a_row_that_is_not_utf8_costs_only_itself() -> None:
    bad = pa.array([b"ok", b"\xff\xfe", b"fine"], pa.binary()).view(pa.string())
    found = list(readers.read(packed(as_parquet(pa.table({"a": bad})), "parquet")))
    assert found == [
        Record("x.parquet", 1, {"a": "ok"}),
        BadRecord("x.parquet", 2, records.BAD_TEXT),
        Record("x.parquet", 3, {"a": "fine"}),
    ]


def test_a_row_beyond_the_limit_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_of_arrow, "MAX_RECORD_BYTES", 1000)
    monkeypatch.setattr(rows_of_arrow, "BATCH_BYTES", 500)
    table = pa.table({"a": ["small", "x" * 2000, "small"]})
    for write, kind in WRITERS.values():
        found = list(readers.read(packed(write(table), kind)))
        assert [type(record) for record in found] == [Record, BadRecord, Record]
        assert found[1][2] == records.TOO_LONG


def test_two_columns_of_one_name_are_refused() -> None:
    table = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    inner = pa.table({"s": pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["b", "b"])})
    for one, name in ((table, "'a'"), (inner, "'b'")):
        with pytest.raises(Unreadable, match=f"two columns named {name}"):
            list(readers.read(packed(as_stream(one), "arrow")))


def test_columns_nested_beyond_reason_are_refused() -> None:
    kind = pa.string()
    for _ in range(rows_of_arrow.MAX_DEPTH + 2):
        kind = pa.list_(kind)
    with pytest.raises(Unreadable, match="nested too deeply"):
        list(readers.read(packed(as_stream(pa.table({"a": pa.array([None], kind)})), "arrow")))


def test_an_encrypted_or_foreign_file_is_refused_in_one_sentence() -> None:
    for content in (b"PARE" + b"x" * 50 + b"PARE", b"PAR1PAR1", b"PAR1", b"ARROW1\0\0", b"\xff" * 99, b"FEA1 FEA1"):
        for kind in ("parquet", "arrow"):
            with pytest.raises(Unreadable, match=rf"^x.{kind} is damaged or not an? \w+ file; [\w ]+\.$"):
                list(readers.read(packed(content, kind)))


@pytest.mark.parametrize("writer", WRITERS)
def test_damage_anywhere_gives_rows_or_one_sentence(writer: str) -> None:
    write, kind = WRITERS[writer]
    table = pa.table(
        {"a": [f"row {n}" for n in range(40)], "m": [[{"role": "user", "content": str(n)}] for n in range(40)]}
    )
    content = write(table)
    rng = random.Random(writer)
    found: list[Record | BadRecord] = []
    sentences: list[str] = []
    for attempt in range(120):
        broken = bytearray(content)
        if attempt % 3:
            for _ in range(rng.choice([1, 4, 30])):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
        else:
            del broken[rng.randrange(len(broken)) :]
        try:
            found += list(readers.read(packed(bytes(broken), kind)))
        except Unreadable as error:
            sentences.append(str(error))
    assert all(isinstance(one, Record | BadRecord) for one in found)
    assert sentences
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in sentences)


def test_a_member_that_has_to_be_unpacked_is_read_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    content = as_parquet(pa.table({"a": [1]}))
    monkeypatch.setattr(whole, "MAX_UNPACKED_BYTES", len(content) - 1)
    with pytest.raises(Unreadable, match="unpack it first"):
        list(readers.read(packed(content, "parquet")))
    monkeypatch.setattr(whole, "MAX_UNPACKED_BYTES", len(content))
    assert values(content, "parquet") == [{"a": 1}]


def test_one_long_row_group_needs_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    chars = random.Random(1).choices("abcdefgh ", k=2_100_000)
    texts = ["".join(chars[start : start + 1000]) for start in range(0, 2_000_000, 25)]
    pq.write_table(
        pa.table({"messages": [[{"role": "user", "content": text}] for text in texts]}),
        path,
        compression="none",
        use_dictionary=False,
    )
    assert pq.ParquetFile(path).num_row_groups == 1
    size = path.stat().st_size
    assert size > 70 * 2**20
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "import pyarrow.parquet\n"
        "from workbench.data import readers\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "member = readers.listing(Path(sys.argv[1])).members[0]\n"
        "before = peak()\n"
        "print(sum(1 for _ in readers.read(member)), peak() - before)\n"
    )
    rows, grown = map(int, run_program(program, path).split())
    assert rows == 80_000
    assert grown < 40 * 1024
