"""`wardwatch imaging bench`: from a stored DICOM object to the report, against the bare network on the same machine.

In one process, without Kafka and Ray: what is measured is the object's hash, decoding, the network, pictures, the
finding and the study's report; and apart from it the report's SR, which the outlet to the PACS makes. The bare network
reads the same films in batches, with as many threads. Both do nothing else.
"""

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import numpy as np
import typer

if TYPE_CHECKING:
    from schemas.events import ImagingInstanceStored, ImagingStudyReported
    from services.imaging.job import ImagingJob
    from services.runtime.ports import Tensors

SIDE: Final = (1760, 2140)
"""Columns and rows of a made-up film: those of a common plate."""
BATCH: Final = 8
IDLE: Final = 30
ROUNDS: Final = 4
"""The ways take turns, so that what else the machine does meets all of them; shares are medians of rounds."""
MODEL: Final = "chest-pneumonia"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Measured:
    """Images a second, the whole path as a share of the bare network, and seconds for one study when nothing waits.

    `with_sr`: the share when every report is also made into an SR. Waits include the SR.
    """

    films: int
    threads: int
    bare_per_s: float
    whole_per_s: float
    share: float
    with_sr: float
    idle_p50_s: float
    idle_p95_s: float


def bench(
    films: Annotated[int, typer.Option(min=BATCH, help="Films read by either way.")] = 96,
    threads: Annotated[int, typer.Option(min=1, help="Threads of either way.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Measure the whole path from stored DICOM to report against the bare network's batched images per second."""
    found = measured(films, threads)
    if as_json:
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
        return
    typer.echo(
        f"{found.films} films, {found.threads} threads\n"
        f"bare network, batches of {BATCH}: {found.bare_per_s:.1f} images/s\n"
        f"stored DICOM → report:         {found.whole_per_s:.1f} images/s, {found.share:.2f} of it"
        f" ({found.with_sr:.2f} with an SR of each)\n"
        f"one study, idle: p50 {found.idle_p50_s:.2f} s, p95 {found.idle_p95_s:.2f} s"
    )


def measured(films: int, threads: int) -> Measured:
    """Run both; every report is made whole, from bytes in a folder to the SR's bytes."""
    from ray_jobs.imaging.model import ImagingModel
    from services.imaging.job import ImagingJob
    from services.runtime.fakes import FakeInference
    from services.runtime.modes import Modes
    from services.runtime.objects import ObjectStoreByUrl

    model = ImagingModel(MODEL)

    def read(_: str, tensors: "Tensors") -> "Tensors":
        return model.infer(tensors, {})

    chance = np.random.default_rng(0)
    grey = chance.integers(0, 255, (BATCH, 224, 224), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(threads) as pool:
        objects = ObjectStoreByUrl(f"file://{folder}")
        inference = FakeInference(read)
        job = ImagingJob(inference, objects, Modes.parse(json.dumps({MODEL: {"*": "live"}})))
        body = _film(chance)
        objects.put("film.dcm", body)
        stored = [_stored(body, number) for number in range(films)]
        _sr(_report(job, stored[0]))
        if not inference.calls:
            raise RuntimeError("the film was refused before the network was asked: there is nothing to measure")
        model.read(grey)
        rounds = [
            (
                _rate(pool, lambda _: model.read(grey), range(max(threads, len(part) // BATCH))) * BATCH,
                _rate(pool, lambda event: _report(job, event), part),
                _rate(pool, lambda event: _sr(_report(job, event)), part),
            )
            for part in (stored[start::ROUNDS] for start in range(ROUNDS))
        ]
        waits = sorted(_seconds(partial(_both, job, event)) for event in stored[:IDLE])
    bare, whole, _ = (float(np.median(rates)) for rates in zip(*rounds, strict=True))
    return Measured(
        films=films,
        threads=threads,
        bare_per_s=round(bare, 2),
        whole_per_s=round(whole, 2),
        share=round(float(np.median([w / b for b, w, _ in rounds])), 3),
        with_sr=round(float(np.median([s / b for b, _, s in rounds])), 3),
        idle_p50_s=round(waits[len(waits) // 2], 3),
        idle_p95_s=round(waits[int(0.95 * len(waits))], 3),
    )


def _rate(pool: ThreadPoolExecutor, work: Callable[[T], object], many: Sequence[T]) -> float:
    began = time.perf_counter()
    list(pool.map(work, many))
    return len(many) / (time.perf_counter() - began)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _report(job: "ImagingJob", event: "ImagingInstanceStored") -> "ImagingStudyReported":
    """From the stored object to the study's report."""
    from schemas.events import ImagingFindingReported
    from services.imaging.study import opened, reported

    (finding,) = job(event)
    if not isinstance(finding, ImagingFindingReported):
        raise TypeError(type(finding).__name__)
    return reported(opened(finding), None, finding.known)


def _sr(report: "ImagingStudyReported") -> bytes:
    """The SR's bytes."""
    from services.outlets.pacs.naming import whose
    from services.outlets.pacs.sending import encoded
    from services.outlets.pacs.structured_report import structured_report
    from services.runtime.ports import Person

    who = whose(report, Person(report.patient, report.site, mrn="7"))
    if who is None:
        raise ValueError("the patient has a number")
    return encoded(structured_report(report, who))


def _both(job: "ImagingJob", event: "ImagingInstanceStored") -> bytes:
    return _sr(_report(job, event))


def _film(chance: np.random.Generator) -> bytes:
    """A drawn chest film as a computed radiography of 12 bits, uncompressed."""
    from PIL import Image
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, ComputedRadiographyImageStorage, ExplicitVRLittleEndian

    from services.gateway.dicom_anonymous import encoded
    from services.simulator.films import phantom

    found = Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.SOPClassUID = found.file_meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    found.SOPInstanceUID = found.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.1.1")
    pixels = np.asarray(Image.fromarray(phantom(chance, pneumonia=True)).resize(SIDE), dtype=np.uint16) * 16
    found.Rows, found.Columns = pixels.shape
    found.BitsAllocated, found.BitsStored, found.HighBit, found.PixelRepresentation = 16, 12, 11, 0
    found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
    found.PixelData = pixels.tobytes()
    return encoded(found)


def _stored(body: bytes, number: int) -> "ImagingInstanceStored":
    from schemas.events import ImagingInstanceStored

    return ImagingInstanceStored(
        id=f"image-{number}", site="main", patient="patient-key", known=datetime(2026, 1, 1, tzinfo=UTC),
        study=f"1.2.{number}", series=f"1.2.{number}.1", instance=f"1.2.{number}.1.1",
        sop_class="1.2.840.10008.5.1.4.1.1.1", transfer_syntax="1.2.840.10008.1.2.1", modality="CR", body_part="CHEST",
        rows=SIDE[1], columns=SIDE[0], age_years=3.0, object="film.dcm", sha256=hashlib.sha256(body).hexdigest(),
    )  # fmt: skip


def explain(
    picture: Annotated[Path, typer.Argument(metavar="IN", help="A film: JPEG, PNG or DICOM.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="PNG with the map laid over the film.")],
    seed: Annotated[int, typer.Option(help="Same seed, same map.")] = 0,
    masks: Annotated[int, typer.Option(min=16, help="Pictures asked about; more are steadier and slower.")] = 240,
) -> None:
    """Cover random parts of a film, see what the probability loses (RISE), and draw where the answer hangs on."""
    from PIL import Image

    from ray_jobs.imaging.explain import rise
    from ray_jobs.imaging.pixels import UnusableImageError, decode
    from ray_jobs.imaging.reading import OnnxRuntime
    from ray_jobs.registry import load_model

    try:
        film = decode(picture.read_bytes()).pixels
    except (OSError, UnusableImageError) as error:
        typer.echo(f"cannot explain {picture}: {error}", err=True)
        raise typer.Exit(2) from error
    runtime = OnnxRuntime(load_model(MODEL))
    found = rise(lambda pixels: 1 - runtime.read(pixels).probability[:, 0], film, seed=seed, masks=masks)
    share = np.clip(found / max(float(found.max()), 1e-6), 0, 1)[..., np.newaxis]
    red = np.array([255.0, 60.0, 0.0])
    shown = np.repeat(film[..., np.newaxis], 3, 2) * (1 - 0.6 * share) + red * 0.6 * share
    Image.fromarray(shown.astype(np.uint8)).save(out)
    typer.echo(f"largest gain in probability where it shows: {float(found.max()):.3f} → {out}")
