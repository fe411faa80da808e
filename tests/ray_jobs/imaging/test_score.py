"""`wardwatch imaging score`: a row for every picture, whatever it is."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from ray_jobs.registry import load_card
from services.cli.imaging import app
from tests.ray_jobs.imaging.dicoms import as_bytes, real, small

COLUMNS = ["path", "probability", "label", "decision", "assessable", "reason", "p_normal", "p_bacteria", "p_virus"]
RAMP = np.add.outer(np.arange(300), np.arange(300)).astype(np.uint16)


def picture(size: int = 300) -> bytes:
    """A grey JPEG."""
    body = io.BytesIO()
    Image.fromarray((RAMP[:size, :size] // 3).astype(np.uint8)).save(body, "JPEG")
    return body.getvalue()


@pytest.fixture
def rows(tmp_path: Path) -> dict[str, dict[str, str]]:
    """The scored rows of a folder with good and bad files, by path."""
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.jpeg").write_bytes(picture())
    (folder / "deep" / "b.png").write_bytes(picture())
    (folder / "thumb.jpg").write_bytes(picture(100))
    (folder / "child.dcm").write_bytes(as_bytes(small(RAMP)))
    (folder / "adult.dcm").write_bytes(real("RG1_UNCI.dcm").read_bytes())
    (folder / "mr.dcm").write_bytes(as_bytes(small(RAMP, Modality="MR")))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xffgarbage")
    (folder / "notes.txt").write_text("no picture")
    (folder / ".DS_Store").write_bytes(b"\0")
    out = tmp_path / "out.csv"
    done = CliRunner().invoke(app, ["score", "--model", "chest-pneumonia", str(folder), str(out)])
    assert done.exit_code == 0, done.output
    with out.open(newline="") as table:
        reader = csv.DictReader(table)
        assert reader.fieldnames == COLUMNS
        return {row["path"]: row for row in reader}


def test_every_picture_has_a_row(rows: dict[str, dict[str, str]]):
    """Paths are relative to the folder; what is no picture is left out."""
    assert set(rows) == {"a.jpeg", "deep/b.png", "thumb.jpg", "child.dcm", "adult.dcm", "mr.dcm", "broken.jpg"}


def test_probabilities_are_given_even_where_nothing_is_assessable(rows: dict[str, dict[str, str]]):
    """Only a file that cannot be decoded has empty numbers; p_bacteria + p_virus is the probability."""
    threshold = load_card("chest-pneumonia").threshold
    for path, row in rows.items():
        if path == "broken.jpg":
            assert (row["probability"], row["label"], row["p_virus"], row["assessable"]) == ("", "", "", "false")
            assert row["reason"]
            continue
        probability = float(row["probability"])
        assert float(row["p_bacteria"]) + float(row["p_virus"]) == pytest.approx(probability, abs=3e-6)
        assert float(row["p_normal"]) + probability == pytest.approx(1, abs=3e-6)
        assert row["label"] == ("pneumonia" if probability >= threshold else "normal")


def test_reasons_are_told(rows: dict[str, dict[str, str]]):
    """An adult, another modality and a thumbnail cannot be assessed, and the row says why."""
    for path, word in (("adult.dcm", "adult"), ("mr.dcm", "MR"), ("thumb.jpg", "128")):
        assert (rows[path]["assessable"], rows[path]["decision"]) == ("false", "refer")
        assert word in rows[path]["reason"]


def test_an_empty_folder_is_bad_input(tmp_path: Path):
    """Nothing to score is an error in one line, exit code 2."""
    done = CliRunner().invoke(app, ["score", str(tmp_path), str(tmp_path / "out.csv")])
    assert done.exit_code == 2
    assert "no JPEG, PNG or DICOM" in done.output
