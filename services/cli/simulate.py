"""`wardwatch simulate`: the simulated hospital alone, against any gateway; its play is given as JSON."""

import json
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from services.simulator.main import Play, main


def simulate(
    play: Annotated[str, typer.Argument(help="JSON object: gateway, token, dicom_port, mllp_port, patients, speed …")],
) -> None:
    """Publish to a gateway until SIGTERM."""
    told = json.loads(play)
    host = urlsplit(told["gateway"]).hostname or "127.0.0.1"
    main(
        Play(
            gateway=told["gateway"], token=told["token"], dicom=(host, int(told["dicom_port"])),
            mllp=(host, int(told["mllp_port"])) if told.get("mllp_port") else None,
            patients=int(told.get("patients", 24)), speed=float(told.get("speed", 60)), seed=int(told.get("seed", 7)),
            told=bool(told.get("told", True)), films=Path(told["films"]) if told.get("films") else None,
            report=Path(told["report"]) if told.get("report") else None,
        )
    )  # fmt: skip
