"""Sets of agency files in a directory: the shipped ones, and any other with or without a manifest.

This file touches the world: it lists directories and reads files. A manifest `set.yaml` names the
day, the months and per file its format and the member that sends it; without one every file is
recognised by its content, and the records tell which member of the demo network sends them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

import yaml

from adapters.births import one_birth_per_child
from adapters.errors import ManifestError
from adapters.formats import FORMATS, detect
from adapters.reading import FILE_BYTES_MAX, ReadResult, Report, delivered, masked
from adapters.suwinet import suwinet_brp, suwinet_uwv
from specs.canonical import digest_of
from specs.errors import Problem
from specs.records import (
    KINDERBIJSLAG_SET,
    RENT_SET,
    Birth,
    Move,
    PersonRef,
    RecordDraft,
    Recurring,
)
from specs.values import Month

SETS: Final = Path(__file__).parent / "samples"
MANIFEST: Final = "set.yaml"
FILES_MAX: Final = 10_000
_SUFFIXES: Final = (".xml", ".csv")  # other files of a directory are no agency files
_KEYS: Final = {"today", "months", "files"}
_FILE_KEYS: Final = {"file", "realdata", "format", "member", "person"}
_MEMBER_OF_FORMAT: Final = {"suwinet-uwv": "uwv"}
_MUNICIPALITY: Final = "gm0344"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One file to load: `format` None when not recognised, `member` None when its records tell.

    `person` is whom an answer was asked about, where its format names him by BSN only.
    """

    path: Path
    name: str  # relative to the directory, as problems name it
    format: str | None
    member: str | None
    person: PersonRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A directory's files in order; day and months only where a manifest says so."""

    directory: Path
    today: date | None
    start: Month | None
    months: int | None
    files: tuple[DataFile, ...]


def shipped() -> dict[str, Path]:
    """The sets that come with the program, by name."""
    return {path.parent.name: path.parent for path in sorted(SETS.glob(f"*/{MANIFEST}"))}


def load(directory: Path, *, realdata: Path | None = None) -> DataSet:
    """The files of a directory, by its manifest or else by looking into each.

    `realdata` is where files named by a `realdata:` key lie that are not beside the manifest; the
    caller takes it from VASTEDAG_REALDATA. Raises ManifestError.
    """
    if not directory.is_dir():
        raise ManifestError(f"{directory}: no such directory; name one that holds agency files")
    manifest = directory / MANIFEST
    if manifest.is_file():
        return _by_manifest(directory, manifest, realdata)
    return _by_looking(directory)


def read_file(file: DataFile) -> ReadResult:
    """The drafts and problems of one file; a file that cannot be read or is of no known format
    gives a problem."""
    report = Report(file.name)
    try:
        content = _content(file.path)
    except OSError as error:
        report.add(
            "file", "", f"cannot be opened ({error.strerror})", "check the file and its mode"
        )
        return [], report.problems
    if file.format is None:
        report.add("file", "", "no adapter knows this file", "name its format, or leave it out")
        return [], report.problems
    if file.format == "suwinet-uwv":
        return suwinet_uwv.read(content, source=file.name, asked_for=file.person)
    return FORMATS[file.format](content, source=file.name)


def read_all(data: DataSet) -> list[tuple[DataFile, list[RecordDraft], list[Problem]]]:
    """All files in order, each with its drafts and problems; a child that the BRP answers of
    several persons name is born once."""
    read = [(file, *read_file(file)) for file in data.files]
    places = [place for place, one in enumerate(read) if one[0].format == "suwinet-brp"]
    batches, problems = one_birth_per_child([(read[p][0].name, read[p][1]) for p in places])
    for place, drafts in zip(places, batches, strict=True):
        file, _, found = read[place]
        more = [problem for problem in problems if problem.source == masked(file.name)]
        read[place] = (file, drafts, [*found, *more])
    return _one_delivery(read)


def _one_delivery(
    read: Sequence[tuple[DataFile, list[RecordDraft], list[Problem]]],
) -> list[tuple[DataFile, list[RecordDraft], list[Problem]]]:
    """The set is one delivery in the order of its files: loading it again repeats all of it."""
    every = [draft for _, drafts, _ in read for draft in drafts]
    marked = iter(delivered(every, digest_of([draft.source_event_id for draft in every])))
    return [(file, list(islice(marked, len(drafts))), found) for file, drafts, found in read]


def member_for(file: DataFile, draft: RecordDraft) -> str:
    """The member of the demo network that sends this record."""
    if file.member is not None:
        return file.member
    if draft.type == KINDERBIJSLAG_SET:
        return "svb"
    if draft.type == RENT_SET:
        return "woonstad"
    if isinstance(draft.data, Recurring) and draft.data.kind == "energy":
        return "lichtstroom"
    return _MUNICIPALITY


def _content(path: Path) -> bytes:
    """At most one byte more than a reader takes, so that it can say that the file is too large."""
    with path.open("rb") as file:
        return file.read(FILE_BYTES_MAX + 1)


def _peek(path: Path) -> bytes:
    """The content to recognise a file by; empty when it cannot be opened (read_file says why)."""
    try:
        return _content(path)
    except OSError:
        return b""


def _by_looking(directory: Path) -> DataSet:
    paths = sorted(
        path for path in directory.rglob("*") if path.suffix in _SUFFIXES and path.is_file()
    )
    if len(paths) > FILES_MAX:
        raise ManifestError(f"{directory}: more than {FILES_MAX} files; load it in parts")
    formats = {path: detect(_peek(path), path.name) for path in paths}
    files = []
    asked = _persons_by_folder([path for path in paths if formats[path] == "suwinet-brp"])
    for path in paths:
        format_name = formats[path]
        files.append(
            DataFile(
                path=path,
                name=path.relative_to(directory).as_posix(),
                format=format_name,
                member=_MEMBER_OF_FORMAT.get(format_name or ""),
                person=_asked_for(path, asked) if format_name == "suwinet-uwv" else None,
            )
        )
    files.sort(key=lambda file: file.format not in ("suwinet-brp", "gbav-csv"))  # persons first
    return DataSet(directory=directory, today=None, start=None, months=None, files=tuple(files))


def _persons_by_folder(paths: Sequence[Path]) -> dict[tuple[Path, str], PersonRef]:
    """Whom the BRP answers of each folder are about.

    The answers in one folder are one Suwinet dossier: the same question by BSN to two sources. A
    person is taken from the BRP answer only when its file name carries his BSN.
    """
    found: dict[tuple[Path, str], PersonRef] = {}
    for path in paths:
        drafts, _ = suwinet_brp.read(_peek(path), source=path.name)
        for draft in drafts:
            ref = draft.data.person if isinstance(draft.data, Move | Birth) else None
            if ref is not None and ref.bsn is not None and ref.bsn in path.name:
                found[path.parent, ref.bsn] = ref
    return found


def _asked_for(path: Path, asked: Mapping[tuple[Path, str], PersonRef]) -> PersonRef | None:
    for (folder, bsn), ref in asked.items():
        if folder == path.parent and bsn in path.name:
            return ref
    return None


def _by_manifest(directory: Path, manifest: Path, realdata: Path | None) -> DataSet:
    try:
        raw = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f":{mark.line + 1}"
        raise ManifestError(f"{manifest}{line}: not YAML in UTF-8; correct the manifest") from error
    if not isinstance(raw, dict) or set(raw) - _KEYS or not isinstance(raw.get("files"), list):
        raise ManifestError(f"{manifest}: its keys are {', '.join(sorted(_KEYS))}; correct it")
    start, months = _months(manifest, raw.get("months"))
    today = raw.get("today")
    if today is not None and type(today) is not date:
        raise ManifestError(f"{manifest}: today is a date such as 2026-03-10; correct it")
    return DataSet(
        directory=directory,
        today=today,
        start=start,
        months=months,
        files=tuple(
            _manifest_file(directory, manifest, number, entry, realdata)
            for number, entry in enumerate(raw["files"], start=1)
        ),
    )


def _months(manifest: Path, raw: Any) -> tuple[Month | None, int | None]:
    if raw is None:
        return None, None
    try:
        start, count = Month.parse(str(raw["from"])), raw["count"]
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"{manifest}: months is {{from: 2026-01, count: 12}}") from error
    if type(count) is not int or not 1 <= count <= 36:
        raise ManifestError(f"{manifest}: months.count is 1 to 36")
    return start, count


def _manifest_file(
    directory: Path, manifest: Path, number: int, entry: Any, realdata: Path | None
) -> DataFile:
    place = f"{manifest}: files, number {number}"
    if not isinstance(entry, dict) or set(entry) - _FILE_KEYS:
        raise ManifestError(f"{place}: its keys are {', '.join(sorted(_FILE_KEYS))}")
    if ("file" in entry) == ("realdata" in entry):
        raise ManifestError(f"{place}: name it by `file` or by `realdata`, one of the two")
    if entry.get("format") not in FORMATS:
        raise ManifestError(f"{place}: format is one of {', '.join(sorted(FORMATS))}")
    person = entry.get("person")
    try:
        ref = None if person is None else PersonRef.model_validate(person)
    except ValueError as error:
        raise ManifestError(f"{place}: person is bsn, birth_date and surname") from error
    member = entry.get("member")
    name = str(entry.get("file") or entry["realdata"])
    return DataFile(
        path=_locate(directory, name, place, realdata if "realdata" in entry else None),
        name=name,
        format=entry["format"],
        member=None if member is None else str(member),
        person=ref,
    )


def _locate(directory: Path, name: str, place: str, realdata: Path | None) -> Path:
    """Beside the manifest, else (by its last name) beside it, else under the real data."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ManifestError(f"{place}: a path inside the directory, without `..`")
    beside = [directory / name, directory / Path(name).name]
    for path in [*beside, *([] if realdata is None else [realdata / name])]:
        if path.is_file():
            return path
    raise ManifestError(
        f"{place}: {name} is not there; lay it beside the manifest, or set VASTEDAG_REALDATA to"
        " the real-data directory when it is one of its files"
    )
