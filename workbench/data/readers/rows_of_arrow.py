"""Parquet and Arrow (IPC file, IPC stream, Feather): rows in batches, as plain JSON values.

Owns what becomes of each column type. Must not know what a column means.

Nothing is changed silently. Numbers, texts, lists and structs come as they are; decimals, dates, times and durations as
their text (times of day of a zone in UTC); NaN, by which a frame says that a number is missing, as null; infinities as
text. A map with text keys is an object, any other map a list of {"key", "value"}. Bytes are text where they are valid
UTF-8, as old writers store text; else they are no value of JSON and become null, and where they are a picture, a sound
or a film the value is {"bytes": null, "path": null}, so that a row with a picture is not taken for one without.
The row numbers of a frame (`__index_level_0__`) are no column of the data and are left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from workbench.data.readers.member import Member
from workbench.data.readers.records import BAD_TEXT, MAX_RECORD_BYTES, TOO_LONG, BadRecord, Record, Unreadable
from workbench.data.readers.whole import seekable

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 1024
"""Most rows that are turned into Python values at a time."""
BATCH_BYTES = 2**22
"""Bytes of a column batch that are aimed at; rows of several MiB come one by one."""
_READ_BUFFER = 2**20
MAX_DEPTH = 32
"""Deepest nesting of a column type; real data sets have a handful of levels."""
_FRAME_INDEX = re.compile(r"__index_level_\d+__")
_MEDIA = re.compile(
    rb"\x89PNG|\xff\xd8\xff|GIF8|BM....\0\0\0\0|II\*\0|MM\0\*|RIFF....(?:WEBP|WAVE|AVI )|OggS|ID3|\xff[\xfb\xf3\xf2]"
    rb"|fLaC|....ftyp|\x1a\x45\xdf\xa3",
    re.DOTALL,
)
"""How pictures, sounds and films begin."""
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def _bytes_value(raw: bytes | None) -> Any:
    """Return stored bytes as text, as the mark of a medium, or as null."""
    if raw is None:
        return None
    if _MEDIA.match(raw):
        return {"bytes": None, "path": None}
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _NO_TEXT.search(text) else text


def _floats(array: pa.Array) -> list[Any]:
    """Return numbers with NaN as null and infinities as text."""
    values = array.to_pylist()
    if all(value is None or math.isfinite(value) for value in values):
        return values
    odd = {"nan": None, "inf": "Infinity", "-inf": "-Infinity"}
    return [value if value is None or math.isfinite(value) else odd[str(value)] for value in values]


def _texts(array: pa.Array) -> list[Any]:
    """Return decimals, dates and times as Arrow writes them."""
    return array.cast("string").to_pylist()


def _timestamps(array: pa.Array) -> list[Any]:
    """Return points in time as ISO 8601 text; those of a time zone in UTC, which needs no table of zones."""
    import pyarrow as pa

    zone = "Z" if array.type.tz else ""
    texts = array.cast(pa.timestamp(array.type.unit)).cast("string").to_pylist()
    return [None if text is None else text + zone for text in texts]


def _durations(array: pa.Array) -> list[Any]:
    """Return spans of time as a number and its unit."""
    return [None if number is None else f"{number} {array.type.unit}" for number in array.cast("int64").to_pylist()]


def _split(flat: list[Any], lengths: list[int | None]) -> list[Any]:
    """Return the values of all lists as one list per row; a length of None stands for null."""
    values = iter(flat)
    return [None if length is None else list(islice(values, length)) for length in lengths]


def _lists(array: pa.Array) -> list[Any]:
    """Return lists of values."""
    import pyarrow.compute as pc

    return _split(_values(array.flatten()), pc.list_value_length(array).to_pylist())


def _structs(array: pa.Array) -> list[Any]:
    """Return structs as objects."""
    names = [array.type.field(index).name for index in range(array.type.num_fields)]
    if not names:
        return [{} if valid else None for valid in array.is_valid().to_pylist()]
    rows: list[Any] = [
        dict(zip(names, values, strict=True)) for values in zip(*map(_values, array.flatten()), strict=True)
    ]
    if array.null_count:
        for index, null in enumerate(array.is_null().to_pylist()):
            if null:
                rows[index] = None
    if {"bytes", "path"} <= set(names):
        for row in rows:
            if row is not None:
                row["bytes"] = None
    return rows


def _maps(array: pa.Array) -> list[Any]:
    """Return maps as objects, or as lists of entries where the keys are no text."""
    import pyarrow as pa

    offsets = array.offsets.to_pylist()
    first, length = offsets[0], offsets[-1] - offsets[0]
    keys, items = (_values(flat.slice(first, length)) for flat in (array.keys, array.items))
    named = pa.types.is_string(array.type.key_type) or pa.types.is_large_string(array.type.key_type)
    rows: list[Any] = []
    for start, end, valid in zip(offsets, offsets[1:], array.is_valid().to_pylist(), strict=False):
        entries = zip(keys[start - first : end - first], items[start - first : end - first], strict=True)
        if not valid:
            rows.append(None)
        elif named:
            rows.append(dict(entries))
        else:
            rows.append([{"key": key, "value": value} for key, value in entries])
    return rows


def _bytes(array: pa.Array) -> list[Any]:
    """Return stored bytes as text or as null."""
    return [_bytes_value(raw) for raw in array.to_pylist()]


def _encoded(array: pa.Array) -> list[Any]:
    """Return the values of a column that stores each different value once."""
    return _values(array.dictionary_decode())


def _runs(array: pa.Array) -> list[Any]:
    """Return the values of a column that stores runs of equal values."""
    import pyarrow.compute as pc

    return _values(pc.run_end_decode(array))


@cache
def _table() -> list[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], list[Any]]]]:
    """Return (test of a type, its conversion) in the order in which they are tried."""
    import pyarrow as pa

    kinds = pa.types

    def any_list(kind: pa.DataType) -> bool:
        return isinstance(
            kind, pa.ListType | pa.LargeListType | pa.FixedSizeListType | pa.ListViewType | pa.LargeListViewType
        )

    return [
        (kinds.is_floating, _floats),
        (kinds.is_timestamp, _timestamps),
        (kinds.is_duration, _durations),
        (lambda kind: kinds.is_decimal(kind) or kinds.is_date(kind) or kinds.is_time(kind), _texts),
        (kinds.is_struct, _structs),
        (kinds.is_map, _maps),
        (any_list, _lists),
        (
            lambda kind: kinds.is_binary(kind) or kinds.is_large_binary(kind) or kinds.is_fixed_size_binary(kind)
            or kinds.is_binary_view(kind),
            _bytes,
        ),
        (kinds.is_dictionary, _encoded),
        (kinds.is_run_end_encoded, _runs),
        (lambda kind: isinstance(kind, pa.BaseExtensionType), lambda array: _values(array.storage)),
        (
            lambda kind: kinds.is_boolean(kind) or kinds.is_integer(kind) or kinds.is_null(kind)
            or kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind),
            lambda array: array.to_pylist(),
        ),
        # Unions and calendar intervals, which no data set is known to use.
        (lambda _: True, lambda array: [None if value is None else str(value) for value in array.to_pylist()]),
    ]  # fmt: skip


def _values(array: pa.Array) -> list[Any]:
    """Return a column as JSON values, see the table at the top."""
    return next(convert for fits, convert in _table() if fits(array.type))(array)


def _check_type(name: str, fields: list[pa.Field], depth: int = 0) -> None:
    """Raise Unreadable for columns that no JSON object can hold."""
    import pyarrow as pa

    if depth > MAX_DEPTH:
        raise Unreadable(f"{name} has a column that is nested too deeply; flatten it.")
    names = [field.name for field in fields]
    if repeated := {one for one in names if names.count(one) > 1}:
        raise Unreadable(f"{name} has two columns named {sorted(repeated)[0]!r}; rename one of them.")
    for field in fields:
        kind = field.type.storage_type if isinstance(field.type, pa.BaseExtensionType) else field.type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        inner = [kind.field(index) for index in range(kind.num_fields)]
        # The only field of a list may bear any name; those of a struct become keys.
        for group in [inner] if pa.types.is_struct(kind) else [[one] for one in inner]:
            _check_type(name, group, depth + 1)


def _records(name: str, first: int, batch: pa.RecordBatch) -> Iterator[Record | BadRecord]:
    """Yield the rows of a batch, of which the first has the number `first`, a few MiB at a time."""
    keys = batch.schema.names
    step = max(1, min(BATCH_ROWS, BATCH_BYTES * batch.num_rows // max(batch.nbytes, 1)))
    for start in range(0, batch.num_rows, step):
        part = batch.slice(start, step)
        if part.num_rows == 1 and part.nbytes > MAX_RECORD_BYTES:
            yield BadRecord(name, first + start, TOO_LONG)
            continue
        try:
            columns = [_values(column) for column in part.columns]
        except UnicodeDecodeError:
            if part.num_rows == 1:
                yield BadRecord(name, first + start, BAD_TEXT)
            else:
                for index in range(part.num_rows):
                    yield from _records(name, first + start + index, part.slice(index, 1))
            continue
        for number, row in enumerate(zip(*columns, strict=True), first + start):
            yield Record(name, number, dict(zip(keys, row, strict=True)))


@contextmanager
def _errors_of(name: str, what: str) -> Iterator[None]:
    """Turn what pyarrow raises into the sentence for a file that cannot be read."""
    import pyarrow as pa

    try:
        yield
    except MemoryError:
        raise Unreadable(
            f"{name} holds a piece that does not fit into memory; write it again in smaller row groups."
        ) from None
    except NotImplementedError:
        raise Unreadable(
            f"{name} is {what} that uses a feature this reader lacks; write it again with plain settings."
        ) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise Unreadable(f"{name} is damaged or not {what}; copy or download it again.") from None
    except (pa.ArrowException, ValueError, EOFError, RecursionError):
        raise Unreadable(f"{name} is damaged or not {what}; copy or download it again.") from None


def _wanted(names: list[str]) -> list[str]:
    """Return the columns without the row numbers of a frame."""
    return [name for name in names if not _FRAME_INDEX.fullmatch(name)]


def _parquet_batches(file: BinaryIO, name: str) -> Iterator[pa.RecordBatch]:
    """Yield a Parquet file in batches; pages are read as they are needed, however long a row group is."""
    import pyarrow.parquet as pq

    parquet = pq.ParquetFile(file, buffer_size=_READ_BUFFER, pre_buffer=False)
    _check_type(name, list(parquet.schema_arrow))
    wanted = _wanted(parquet.schema_arrow.names)
    for index in range(parquet.num_row_groups):
        group = parquet.metadata.row_group(index)
        rows = BATCH_BYTES * group.num_rows // max(group.total_byte_size, 1)
        yield from parquet.iter_batches(
            max(1, min(BATCH_ROWS, rows)), row_groups=[index], columns=wanted, use_threads=False
        )


def _arrow_batches(file: BinaryIO, name: str) -> Iterator[pa.RecordBatch]:
    """Yield the batches of an Arrow file or stream; each is checked whole, for its offsets could point anywhere."""
    import pyarrow as pa

    options = pa.ipc.IpcReadOptions(use_threads=False)
    if file.read(6) == b"ARROW1":
        reader = pa.ipc.open_file(file, options=options)
        batches = (reader.get_batch(index) for index in range(reader.num_record_batches))
    else:
        file.seek(0)
        reader = pa.ipc.open_stream(file, options=options)
        batches = iter(reader)
    _check_type(name, list(reader.schema))
    wanted = _wanted(reader.schema.names)
    for batch in batches:
        batch.validate(full=True)
        yield batch.select(wanted)


def _read(member: Member, what: str, batches: Callable[[BinaryIO, str], Iterator[Any]]) -> Iterator[Record | BadRecord]:
    """Yield the rows of a columnar file; see `read_parquet`."""
    first = 1
    with seekable(member) as file, _errors_of(member.name, what):
        for batch in batches(file, member.name):
            yield from _records(member.name, first, batch)
            first += batch.num_rows


def read_parquet(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the rows of a Parquet file, numbered from 1, in bounded memory.

    A row with text that is not UTF-8, or of more than `MAX_RECORD_BYTES`, is a BadRecord. Raises Unreadable, after the
    rows before it, where the file is damaged, encrypted, or no Parquet.
    """
    yield from _read(member, "a Parquet file", _parquet_batches)


def read_arrow(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the rows of an Arrow IPC file (Feather) or stream, batch by batch; raises Unreadable as `read_parquet`."""
    yield from _read(member, "an Arrow file", _arrow_batches)
